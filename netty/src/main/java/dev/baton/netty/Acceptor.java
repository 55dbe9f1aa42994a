package dev.baton.netty;

import dev.baton.drain.Connections;
import dev.baton.drain.ServerClosedException;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.unix.Errors;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Accepts from one listening socket while the server may.
 *
 * <pre>
 *   PARKED <---> ACCEPTING <---> PAUSED (out of descriptors)      any ---> CLOSED
 *      ^______________________________|
 * </pre>
 *
 * <p><b>Accept versus park, settled here.</b> The channel's events, and so every accept(2), happen in one event loop, and
 * so do {@link #park} and {@link #resume}. Netty accepts in a burst within one event and hands each connection to
 * {@link #channelRead} before the next accept: so at any moment between two events of the loop no accept is running and
 * every connection that one has returned is in the registry. {@code park} is such a moment's task. It takes the
 * descriptor out of the epoll set, and cancels the timer that would end a pause, which is the only other thing that could
 * make the loop accept again. When its future completes there was no accept after it, and what waits in the kernel's
 * queue is there for whoever shares the socket. Nothing about the socket itself is changed: no shutdown(2), which would
 * reach every process; no O_NONBLOCK, which all share; the descriptor stays open for {@code resume}.
 *
 * <p>The descriptor is a duplicate that belongs to the channel. It leaves the epoll set before it is closed (epoll(7)),
 * which Netty does when a registered channel is closed in its loop, and which has happened before when it is parked. The
 * path of a Unix socket is not touched: Netty unlinks one that it has bound, and this channel was never bound.
 */
final class Acceptor extends ChannelInboundHandlerAdapter {
    /** Long enough to cost nothing, short enough not to be felt when descriptors are free again. */
    private static final Duration PAUSE = Duration.ofMillis(100);

    /**
     * What accept(2) reports of a connection that died in the queue, "Error handling" in its manual page: ENONET, EPROTO,
     * ENOPROTOOPT, EOPNOTSUPP, ENETDOWN, ENETUNREACH, ECONNABORTED, EHOSTDOWN, EHOSTUNREACH. The
     * call has taken the connection off the queue, so the next one goes on.
     */
    private static final Set<Integer> ERRORS_OF_ONE_CONNECTION = Set.of(64, 71, 92, 95, 100, 101, 103, 112, 113);

    private enum State {
        PARKED,
        ACCEPTING,
        PAUSED,
        CLOSED
    }

    private final Channel channel;
    private final EventLoop loop;
    private final Connections connections;
    private final ChildSetup childSetup;

    /** Made beforehand: see {@link #prepareForScarcity}. */
    private final Runnable endPause = this::endPause;

    // In the loop only, like everything below.
    private State state = State.PARKED;

    /** The descriptor has left the epoll set, or was never in it. */
    private Future<?> parked;

    @Nullable
    private ScheduledFuture<?> pauseEnd;

    /** Takes the channel over; it is parked at first. */
    Acceptor(Channel channel, EventLoop loop, Connections connections, ChildSetup childSetup) {
        this.channel = channel;
        this.loop = loop;
        this.connections = connections;
        this.childSetup = childSetup;
        this.parked = loop.newSucceededFuture(null);
        channel.config().setAutoRead(false);
        channel.pipeline().addLast(this);
    }

    /** Begins to accept; the future fails if the channel is closed or cannot be watched. In the loop. */
    Future<?> resume() {
        Promise<Void> watched = loop.newPromise();
        switch (state) {
            case PARKED -> {
                state = State.ACCEPTING;
                prepareForScarcity();
                // Netty puts a deregistration off to a task of its own, which may not have run yet.
                var _ = parked.addListener(_ -> watch(watched));
            }
            case ACCEPTING, PAUSED -> watched.setSuccess(null);
            case CLOSED -> watched.setFailure(new ServerClosedException("accept"));
        }
        return watched;
    }

    private void watch(Promise<Void> watched) {
        if (state != State.ACCEPTING) {
            watched.cancel(false);
            return;
        }
        // In the loop, registration with epoll is done when the call returns.
        ChannelFuture registered = loop.register(channel);
        if (registered.isSuccess()) {
            channel.config().setAutoRead(true);
            watched.setSuccess(null);
        } else {
            watched.setFailure(new IllegalStateException("cannot watch the listener " + channel, registered.cause()));
        }
    }

    /** Stops accepting; the future completes when the descriptor has left the epoll set. In the loop. */
    Future<?> park() {
        if (state == State.ACCEPTING || state == State.PAUSED) {
            state = State.PARKED;
            cancelPauseEnd();
            if (channel.isRegistered()) {
                channel.config().setAutoRead(false);
                parked = channel.deregister();
            }
        }
        return parked;
    }

    /** Closes the duplicate of the descriptor. In the loop. */
    void close() {
        state = State.CLOSED;
        cancelPauseEnd();
        channel.unsafe().closeForcibly();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        childSetup.begin((Channel) message, connections);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (state != State.ACCEPTING || isOfOneConnection(cause)) {
            return;
        }
        // EMFILE, ENFILE, ENOBUFS, ENOMEM, or something unheard of. The connection stays in the queue, so epoll would
        // report
        // it again at once, and the loop would do nothing else.
        state = State.PAUSED;
        channel.config().setAutoRead(false);
        pauseEnd = loop.schedule(endPause, PAUSE.toMillis(), TimeUnit.MILLISECONDS);
        ServerLog.acceptPaused(channel.localAddress(), PAUSE, cause);
    }

    /**
     * Loads the classes that a pause needs. When no descriptor is left, no class file can be opened either, and an error
     * in {@link #exceptionCaught} would end the accept loop (seen; Netty's issue 1328).
     */
    private void prepareForScarcity() {
        loop.schedule(endPause, 1, TimeUnit.HOURS).cancel(false);
        ServerLog.prepare();
    }

    private void endPause() {
        pauseEnd = null;
        if (state == State.PAUSED) {
            state = State.ACCEPTING;
            channel.config().setAutoRead(true);
        }
    }

    private void cancelPauseEnd() {
        if (pauseEnd != null) {
            pauseEnd.cancel(false);
            pauseEnd = null;
        }
    }

    private static boolean isOfOneConnection(Throwable cause) {
        return cause instanceof Errors.NativeIoException e && ERRORS_OF_ONE_CONNECTION.contains(-e.expectedErr());
    }
}
