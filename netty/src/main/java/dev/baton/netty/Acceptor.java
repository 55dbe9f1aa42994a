package dev.baton.netty;

import dev.baton.drain.Connections;
import dev.baton.drain.ServerClosedException;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.unix.Errors;
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

    // In the loop only, like everything below.
    private State state = State.PARKED;

    @Nullable
    private ScheduledFuture<?> pauseEnd;

    /** Takes the channel over; it is parked at first. */
    Acceptor(Channel channel, EventLoop loop, Connections connections, ChildSetup childSetup) {
        this.channel = channel;
        this.loop = loop;
        this.connections = connections;
        this.childSetup = childSetup;
        channel.config().setAutoRead(false);
        channel.pipeline().addLast(this);
    }

    /** Begins to accept; fails if the channel is closed or cannot be registered. In the loop. */
    void resume() throws Exception {
        switch (state) {
            case PARKED -> {
                ChannelFuture registered = loop.register(channel);
                // In the loop, registration with epoll is done when the call returns.
                if (!registered.isSuccess()) {
                    throw new IllegalStateException("cannot watch the listener " + channel, registered.cause());
                }
                state = State.ACCEPTING;
                channel.config().setAutoRead(true);
            }
            case ACCEPTING, PAUSED -> {
                // Nothing to do.
            }
            case CLOSED -> throw new ServerClosedException("accept");
        }
    }

    /** Stops accepting; the future completes when the descriptor has left the epoll set. In the loop. */
    ChannelFuture park() {
        if (state == State.PARKED || state == State.CLOSED) {
            return channel.newSucceededFuture();
        }
        state = State.PARKED;
        cancelPauseEnd();
        channel.config().setAutoRead(false);
        return channel.deregister();
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
        ServerLog.acceptPaused(channel.localAddress(), PAUSE, cause);
        pauseEnd = loop.schedule(this::endPause, PAUSE.toMillis(), TimeUnit.MILLISECONDS);
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
