package dev.baton.netty;

import dev.baton.MovableConnection;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPipeline;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A connection that has asked to go on in another process.
 *
 * <pre>
 *   ASKING --freeze--> FREEZING --deregistered--> SAVING --saved--> FROZEN --moved--> GONE
 *      |                  |                         |                 |
 *      +---not at rest: forgotten, may ask again    +--cut--> GONE    +--cut--> CUT --moved, stays--> GONE
 *      |                  |                         |                 |
 *      +---stays----------+---ended, held back------+---too big, no---+---stays--> STAYS (to the end of this drain)
 * </pre>
 *
 * <p>Everything happens in the connection's event loop; what other threads call becomes a task of it.
 *
 * <p><b>Request versus freeze, settled here.</b> Freezing is a task of the loop, so no event of the connection is being
 * handled, and what {@link ServedConnection} answers about rest is so. From that moment on this object stands in the place
 * of the protocol: {@link ServedConnection} gives it what is read, instead of the pipeline, so nothing becomes a request
 * any more. Netty puts the deregistration off to a task of its own, and a round of I/O may lie between the two. What is
 * read in it is stashed, and when the deregistration has happened, after which nothing can be read, it goes with the
 * rest of the unread bytes, behind them. So each byte that this process has taken from the socket is either in a request
 * that is answered here, or in the state that moves, or, if the connection stays, given to the pipeline as if it had just
 * come: once, and in order.
 *
 * <p><b>The end of the input, or of the connection, versus freeze.</b> What comes in that round of I/O is seen when the
 * deregistration has happened, and then the connection stays. For that an end of the input must not be a close, which would
 * go past what was read before it: so half-closure is allowed meanwhile. A connection that is closed nevertheless, because
 * it was reset, tells its handlers what had come and that it has ended before Netty takes them from the pipeline. What comes
 * later the kernel keeps, for whoever owns the connection then: an end of the input is read there, a reset is reported there.
 *
 * <p><b>Who may close the descriptor.</b> While it is frozen, nobody here: its number is being sent, and must not come to
 * stand for another socket. A close that is asked for meanwhile waits; it is done if the connection stays, and means
 * nothing any more if it has moved, because the connection is another's then. If it is a registry that closes, which
 * ends the drain or the server, then nothing goes on here whatever becomes of the connection: all but the descriptor is
 * given up at once, because the loop may have ended when the answer comes. While the protocol is still saving, the number is
 * nobody else's, and the descriptor is closed too.
 */
final class MovingConnection implements MovableConnection, Suspended {
    private static final byte[] NOTHING = {};

    private enum State {
        ASKING,
        FREEZING,
        SAVING,
        FROZEN,
        STAYS,
        CUT,
        GONE
    }

    private final ServedConnection served;
    private final Channel channel;
    private final HeldBack held;
    private State state = State.ASKING;

    /** What the connection spoke when it was frozen; null if nothing was known yet. */
    @Nullable
    private ConnectionProtocol before;

    private boolean allowHalfClosure;

    /** The migration, or a registry, has said so before there was anything to be sent. */
    private boolean refused;

    MovingConnection(ServedConnection served) {
        this.served = served;
        this.channel = served.channel();
        this.held = new HeldBack(channel);
    }

    /** Whether it waits for room. */
    boolean isAsking() {
        return state == State.ASKING;
    }

    /** Whether the connection has been refused, or could not be frozen, so that it does not ask again in this drain. */
    boolean hasStayed() {
        return state == State.STAYS;
    }

    // What the migration asks for: any thread.

    @Override
    public CompletionStage<Optional<Frozen>> freeze() {
        CompletableFuture<Optional<Frozen>> frozen = new CompletableFuture<>();
        inLoop(() -> freeze(frozen), () -> frozen.complete(Optional.empty()));
        return frozen;
    }

    @Override
    public void moved() {
        inLoop(this::leave, () -> endAfterTheLoop(true));
    }

    @Override
    public void stays() {
        inLoop(this::refuse, () -> endAfterTheLoop(false));
    }

    private void inLoop(Runnable task, Runnable afterItsEnd) {
        try {
            served.loop().execute(task);
        } catch (RejectedExecutionException _) {
            afterItsEnd.run();
        }
    }

    /**
     * The loop has ended, and has closed what was registered with it, which a frozen connection was not. This thread is
     * alone with it. Handlers hear nothing without a loop; one that has to has ended the connection before.
     */
    private void endAfterTheLoop(boolean moved) {
        if (channel.isOpen()) {
            if (moved) {
                served.home().migrator().connectionMoved();
            }
            served.failed();
            closeDescriptor();
            held.drop();
        }
    }

    /**
     * First past SO_LINGER, which would make Netty close it in a thread of its own; then for those who listen for it. The
     * channel is not registered.
     */
    private void closeDescriptor() {
        if (channel.isOpen()) {
            channel.unsafe().closeForcibly();
            channel.unsafe().close(channel.voidPromise());
        }
    }

    // In the loop.

    private void freeze(CompletableFuture<Optional<Frozen>> frozen) {
        if (state == State.ASKING && channel.isRegistered()) {
            // The registry may have begun the drain, and its word to the protocol be on its way: what hears of FROZEN
            // is to have heard of BEGUN.
            served.tellProtocol();
        }
        if (state != State.ASKING || !canFreeze()) {
            served.departure().forget(this);
            held.runLater();
            frozen.complete(Optional.empty());
            return;
        }
        state = State.FREEZING;
        before = served.suspend(this);
        allowHalfClosure = channel.config().getOption(ChannelOption.ALLOW_HALF_CLOSURE);
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        channel.pipeline().fireUserEventTriggered(MigrationEvent.FROZEN);
        var _ = channel.deregister().addListener(_ -> deregistered(frozen));
    }

    /** The protocol is asked last: if it says yes, it holds the application off. */
    private boolean canFreeze() {
        ConnectionProtocol current = served.protocol();
        return channel.isRegistered()
                && isFlushed()
                && served.departure().canMoveNow()
                && (current == null || current.suspend());
    }

    private boolean isFlushed() {
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        return outbound != null && outbound.isEmpty() && outbound.totalPendingWriteBytes() == 0;
    }

    /** The last event before Netty empties the pipeline of a channel that is closed. */
    void unregistered() {
        if (state == State.FREEZING && !channel.isOpen()) {
            state = State.STAYS;
            served.restore(before);
            held.replayRead(served);
            channel.pipeline().fireChannelInactive();
            held.drop();
        }
    }

    private void deregistered(CompletableFuture<Optional<Frozen>> frozen) {
        if (state != State.FREEZING) {
            frozen.complete(Optional.empty());
            return;
        }
        state = State.SAVING;
        if (mustStay()) {
            saved(frozen, Optional.empty());
            return;
        }
        var _ = own().whenComplete((saved, failure) -> {
            if (failure != null) {
                ServerLog.connectionNotSaved(channel, failure);
            }
            Optional<byte[]> own = failure == null && saved != null ? saved : Optional.empty();
            if (served.loop().inEventLoop()) {
                saved(frozen, own);
            } else {
                inLoop(() -> saved(frozen, own), () -> {
                    endAfterTheLoop(false);
                    frozen.complete(Optional.empty());
                });
            }
        });
    }

    /** An error too is an answer: whoever waits for one would wait for ever. */
    private CompletionStage<Optional<byte[]>> own() {
        try {
            return before == null ? CompletableFuture.completedStage(Optional.of(NOTHING)) : before.save();
        } catch (RuntimeException | Error e) {
            return CompletableFuture.failedStage(e);
        }
    }

    private boolean mustStay() {
        return refused || held.keeps() || !channel.isActive();
    }

    private void saved(CompletableFuture<Optional<Frozen>> frozen, Optional<byte[]> own) {
        Optional<Frozen> image = Optional.empty();
        if (state == State.SAVING) {
            if (!mustStay()) {
                image = own.flatMap(each -> new ConnectionImage(served, before, each, held).frozen());
            }
            if (image.isPresent()) {
                state = State.FROZEN;
            } else {
                thaw();
            }
        }
        frozen.complete(image);
    }

    private void refuse() {
        switch (state) {
            case ASKING -> {
                state = State.STAYS;
                served.stayed();
                held.runLater();
            }
            case FREEZING, SAVING -> refused = true;
            case FROZEN -> thaw();
            case CUT -> {
                state = State.GONE;
                closeDescriptor();
            }
            case STAYS, GONE -> {}
        }
    }

    /** Goes on here. */
    private void thaw() {
        state = State.STAYS;
        served.restore(before);
        if (channel.isOpen()) {
            channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, allowHalfClosure);
        }
        if (channel.isOpen() && !served.loop().register(channel).isSuccess()) {
            ServerLog.connectionNotSetUp(channel, new IllegalStateException("cannot be watched again"));
            closeDescriptor();
            removeHandlers();
        }
        if (!channel.isOpen()) {
            held.drop();
            served.failed();
            return;
        }
        if (!(before instanceof Http1Connection)) {
            channel.pipeline().fireUserEventTriggered(MigrationEvent.ENDED);
        }
        served.stayed();
        held.replay(served, allowHalfClosure);
        held.runLater();
    }

    /** The connection is another process's. */
    private void leave() {
        switch (state) {
            case FROZEN -> {
                state = State.GONE;
                served.gone();
                if (before != null) {
                    before.moved();
                }
                giveUp();
                closeDescriptor();
            }
            case CUT -> {
                state = State.GONE;
                served.gone();
                closeDescriptor();
            }
            case ASKING, FREEZING, SAVING, STAYS, GONE -> {}
        }
    }

    @Override
    public void cut(Runnable closeIfItStays) {
        switch (state) {
            case FREEZING -> {
                refused = true;
                held.later(closeIfItStays);
            }
            case SAVING -> {
                state = State.GONE;
                served.failed();
                giveUp();
                closeDescriptor();
            }
            case FROZEN -> {
                state = State.CUT;
                served.failed();
                giveUp();
            }
            case ASKING, STAYS, CUT, GONE -> {}
        }
    }

    /**
     * Nothing goes on here. The handlers leave from the last to the first: so each of them frees what it has, and a decoder
     * that passes on what it holds when it leaves passes it to nobody.
     */
    private void giveUp() {
        removeHandlers();
        held.drop();
    }

    private void removeHandlers() {
        ChannelPipeline pipeline = channel.pipeline();
        while (pipeline.last() != null) {
            pipeline.removeLast();
        }
    }

    // As the protocol, while it is frozen.

    HeldBack held() {
        return held;
    }

    @Override
    public void later(Runnable task) {
        held.later(task);
    }

    @Override
    public void closeIdle() {
        held.later(served::closeIfIdle);
    }
}
