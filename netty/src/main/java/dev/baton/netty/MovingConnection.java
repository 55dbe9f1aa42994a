package dev.baton.netty;

import dev.baton.Migration;
import dev.baton.MovableConnection;
import dev.baton.drain.ConnectionHistory;
import dev.baton.drain.ConnectionSnapshot;
import dev.baton.drain.ConnectionState;
import dev.baton.netty.TransferState.Contribution;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.unix.UnixChannel;
import io.netty.util.AttributeKey;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.PromiseNotifier;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A connection that has asked to go on in another process.
 *
 * <pre>
 *   ASKING --freeze--> FREEZING --deregistered, saved--> FROZEN --moved--> GONE
 *      |                  |                                 |
 *      +---not at rest: forgotten, may ask again            |
 *      +---stays----------+---ended, too big, kept----------+---stays--> STAYS (to the end of this drain)
 *                                                           |
 *                                                           +---closed by the registry--> CUT --moved, stays--> GONE
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
 * deregistration has happened, and then the connection stays. What comes later the kernel keeps, for whoever owns the
 * connection then: an end of the input is read there, a reset is reported there.
 *
 * <p><b>Who may close the descriptor.</b> While it is frozen, nobody here: its number is being sent, and must not come to
 * stand for another socket. A close that is asked for meanwhile waits; it is done if the connection stays, and means
 * nothing any more if it has moved, because the connection is another's then. If it is the registry that closes, which
 * ends the drain or the server, then nothing goes on here whatever becomes of the connection: all but the descriptor is
 * given up at once, because the loop may have ended when the answer comes.
 */
final class MovingConnection implements MovableConnection, Suspended {
    /** Of a channel that has asked in the drain that is going on. */
    static final AttributeKey<MovingConnection> KEY = AttributeKey.valueOf(MovingConnection.class, "asked");

    private static final byte[] NOTHING = {};

    private enum State {
        ASKING,
        FREEZING,
        FROZEN,
        STAYS,
        CUT,
        GONE
    }

    private record HeldWrite(Object message, ChannelPromise promise) {}

    private final ServedConnection served;
    private final Channel channel;
    private final List<ByteBuf> stash = new ArrayList<>(0);
    private final List<HeldWrite> writes = new ArrayList<>(0);
    private final List<Runnable> later = new ArrayList<>(0);
    private State state = State.ASKING;

    /** What the connection spoke when it was frozen; null if nothing was known yet. */
    @Nullable
    private ConnectionProtocol before;

    private boolean inputEnded;

    /** The migration has said so before the deregistration had happened. */
    private boolean refused;

    @Nullable
    private ChannelPromise close;

    @Nullable
    private ChannelPromise shutdown;

    MovingConnection(ServedConnection served) {
        this.served = served;
        this.channel = served.channel();
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
     * alone with it.
     */
    private void endAfterTheLoop(boolean moved) {
        if (channel.isOpen()) {
            if (moved) {
                served.home().migrator().connectionMoved();
            }
            served.failed();
            closeDescriptor();
            dropHeld();
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
        if (state != State.ASKING || !channel.isRegistered() || !isFlushed() || !served.canMoveNow()
                || !served.holdOff()) {
            served.forget(this);
            runLater();
            frozen.complete(Optional.empty());
            return;
        }
        state = State.FREEZING;
        before = served.suspend(this);
        channel.pipeline().fireUserEventTriggered(MigrationEvent.FROZEN);
        var _ = channel.deregister().addListener(_ -> deregistered(frozen));
    }

    private boolean isFlushed() {
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        return outbound != null && outbound.isEmpty() && outbound.totalPendingWriteBytes() == 0;
    }

    private void deregistered(CompletableFuture<Optional<Frozen>> frozen) {
        if (before == null) {
            saved(frozen, Optional.of(NOTHING));
            return;
        }
        var _ = before.save().whenComplete((saved, failure) -> {
            Optional<byte[]> own = failure == null ? saved : Optional.empty();
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

    private void saved(CompletableFuture<Optional<Frozen>> frozen, Optional<byte[]> own) {
        boolean goesOnHere = refused || inputEnded || close != null || shutdown != null || !writes.isEmpty() || !channel.isActive();
        Optional<Frozen> image = goesOnHere ? Optional.empty() : own.flatMap(this::image);
        if (image.isPresent()) {
            state = State.FROZEN;
        } else {
            thaw();
        }
        frozen.complete(image);
    }

    private Optional<Frozen> image(byte[] own) {
        try {
            Optional<List<Contribution>> contributions = contributions();
            if (contributions.isEmpty()) {
                return Optional.empty();
            }
            byte[] encoded = new TransferState(
                            served.migratesAs(before).orElseThrow(),
                            history(),
                            ProxyHeader.said(channel),
                            contributions.get(),
                            own,
                            unread())
                    .encode();
            int descriptor = ((UnixChannel) channel).fd().intValue();
            return encoded.length > Migration.MAX_STATE_BYTES
                    ? Optional.empty()
                    : Optional.of(new Frozen(served.home().listener(), descriptor, encoded));
        } catch (RuntimeException | Error e) {
            // An error too, such as a class that cannot be loaded because the jar was overwritten: whoever waits for
            // the image would wait for ever.
            ServerLog.connectionNotSaved(channel, e);
            return Optional.empty();
        }
    }

    private ConnectionHistory history() {
        ConnectionSnapshot now = served.tracked().snapshot();
        boolean fresh = now.requestsServed() == 0 && now.state() != ConnectionState.IDLE;
        return new ConnectionHistory(
                fresh ? ConnectionState.NEW : ConnectionState.IDLE,
                now.age(),
                now.requestsServed(),
                now.bytesReceived(),
                now.bytesSent());
    }

    /** Empty if a handler says no, or if they are too many bytes. */
    private Optional<List<Contribution>> contributions() {
        List<Contribution> all = new ArrayList<>(0);
        int size = 0;
        for (Map.Entry<String, ChannelHandler> each : channel.pipeline()) {
            if (each.getValue() instanceof ConnectionContribution handler) {
                Optional<byte[]> saved = handler.save();
                if (saved.isEmpty()) {
                    return Optional.empty();
                }
                Contribution contribution =
                        new Contribution(handler.contributionName(), handler.contributionVersion(), saved.get());
                size += contribution.size();
                all.add(contribution);
            }
        }
        return size > ConnectionContribution.MAX_BYTES ? Optional.empty() : Optional.of(all);
    }

    /** A handler nearer to the application has the older bytes; those of the stash have reached none. */
    private byte[] unread() {
        List<UndispatchedBytes> holders = new ArrayList<>(1);
        for (Map.Entry<String, ChannelHandler> each : channel.pipeline()) {
            if (each.getValue() instanceof UndispatchedBytes holder) {
                holders.add(holder);
            }
        }
        ByteBuf bytes = Unpooled.buffer(0);
        holders.reversed().forEach(each -> each.copyUndispatched(bytes));
        stash.forEach(each -> bytes.writeBytes(each, each.readerIndex(), each.readableBytes()));
        return ByteBufUtil.getBytes(bytes);
    }

    private void refuse() {
        switch (state) {
            case ASKING -> {
                state = State.STAYS;
                served.stayed();
                runLater();
            }
            case FREEZING -> refused = true;
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
        if (channel.isOpen() && !served.loop().register(channel).isSuccess()) {
            ServerLog.connectionNotSetUp(channel, new IllegalStateException("cannot be watched again"));
            closeDescriptor();
            removeHandlers();
        }
        if (!channel.isOpen()) {
            dropHeld();
            served.failed();
            return;
        }
        if (!(before instanceof Http1Connection)) {
            channel.pipeline().fireUserEventTriggered(MigrationEvent.ENDED);
        }
        served.stayed();
        replay();
        runLater();
    }

    private void runLater() {
        List<Runnable> tasks = List.copyOf(later);
        later.clear();
        tasks.forEach(Runnable::run);
    }

    /** What was held back happens now, in the order in which it would have without the freeze. */
    private void replay() {
        if (!stash.isEmpty()) {
            CompositeByteBuf bytes = channel.alloc().compositeBuffer(Math.max(2, stash.size()));
            bytes.addComponents(true, List.copyOf(stash));
            stash.clear();
            served.replay(bytes);
        }
        if (inputEnded) {
            channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        }
        for (HeldWrite each : writes) {
            served.writeHeld(each.message, each.promise);
        }
        writes.clear();
        if (shutdown != null) {
            var _ = PromiseNotifier.cascade(served.shutdownOutput(), shutdown);
        }
        if (close != null) {
            var _ = channel.close(close);
        }
    }

    /** The connection is another process's. */
    private void leave() {
        if (state == State.FROZEN || state == State.CUT) {
            state = State.GONE;
            served.gone();
            removeHandlers();
            closeDescriptor();
            dropHeld();
        }
    }

    @Override
    public void cut(Runnable closeIfItStays) {
        if (state == State.FROZEN) {
            state = State.CUT;
            served.failed();
            removeHandlers();
            dropHeld();
        } else if (state == State.FREEZING) {
            refused = true;
            later(closeIfItStays);
        }
    }

    /**
     * From the last to the first: so each of them frees what it has, and a decoder that passes on what it holds when it
     * leaves passes it to nobody.
     */
    private void removeHandlers() {
        ChannelPipeline pipeline = channel.pipeline();
        while (pipeline.last() != null) {
            pipeline.removeLast();
        }
    }

    private void dropHeld() {
        stash.forEach(ReferenceCountUtil::release);
        stash.clear();
        for (HeldWrite each : writes) {
            ReferenceCountUtil.release(each.message);
            each.promise.tryFailure(new ClosedChannelException());
        }
        writes.clear();
        later.clear();
        if (shutdown != null) {
            shutdown.tryFailure(new ClosedChannelException());
        }
        if (close != null) {
            close.trySuccess();
        }
    }

    // What ServedConnection is asked for meanwhile.

    void read(Object message) {
        if (message instanceof ByteBuf bytes) {
            stash.add(bytes);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    void write(Object message, ChannelPromise promise) {
        writes.add(new HeldWrite(message, promise));
    }

    void inputEnded() {
        inputEnded = true;
    }

    void close(ChannelPromise promise) {
        if (close == null) {
            close = promise.unvoid();
        } else if (!promise.isVoid()) {
            var _ = close.addListener((ChannelFuture _) -> promise.trySuccess());
        }
    }

    ChannelFuture shutdownOutput() {
        if (shutdown == null) {
            shutdown = channel.newPromise();
        }
        return shutdown;
    }

    @Override
    public void later(Runnable task) {
        later.add(task);
    }

    @Override
    public void closeIdle() {
        later(served::closeIfIdle);
    }
}
