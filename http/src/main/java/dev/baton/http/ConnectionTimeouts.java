package dev.baton.http;

import dev.baton.netty.DeadlineTimer;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import java.time.Duration;

/**
 * How long a connection may wait for its client while no handler does. Event loop only.
 *
 * <p>While responses are on their way to a client that reads slowly, time counts from the last piece that it took. Pieces
 * are of 64 KiB at most, as those on which a handler waits ({@link ResponseBody}), so that a client cannot hold a
 * connection by taking a byte now and then.
 */
final class ConnectionTimeouts {

    private enum Awaited {
        NOTHING,
        /** The first byte of a request. */
        REQUEST,
        /** The rest of a request's head. */
        HEAD,
        /** The rest of a body that nobody reads. */
        REST_OF_BODY,
        /** That the client takes the last response. */
        END,
        /** Whether the connection moves to another process: nothing that its client could be late with. */
        MOVE
    }

    private final Channel channel;
    private final HttpServerOptions options;
    private final DeadlineTimer timer;
    private final Runnable onHeadTimeout;
    private final Runnable onTimeout;
    private Awaited awaited = Awaited.NOTHING;
    private long unwritten;

    ConnectionTimeouts(Channel channel, HttpServerOptions options, Runnable onHeadTimeout, Runnable onTimeout) {
        this.channel = channel;
        this.options = options;
        this.onHeadTimeout = onHeadTimeout;
        this.onTimeout = onTimeout;
        this.timer = new DeadlineTimer(channel.eventLoop(), this::onDeadline);
    }

    void awaitRequest() {
        await(Awaited.REQUEST);
    }

    /** A part of a head has come. Counts from the first call after {@link #awaitRequest}. */
    void awaitHead() {
        if (awaited != Awaited.HEAD && awaited != Awaited.MOVE) {
            await(Awaited.HEAD);
        }
    }

    void awaitRestOfBody() {
        await(Awaited.REST_OF_BODY);
    }

    void awaitEnd() {
        await(Awaited.END);
    }

    /** A request is being served: now its handler waits, or nobody. */
    void lift() {
        awaited = Awaited.NOTHING;
        timer.lift();
    }

    /** The connection is frozen; until {@link #awaitRequest}. */
    void freeze() {
        awaited = Awaited.MOVE;
        timer.cancel();
    }

    /** The connection has ended. */
    void cancel() {
        awaited = Awaited.NOTHING;
        timer.cancel();
    }

    private void await(Awaited next) {
        awaited = next;
        unwritten = unwritten();
        timer.set(timeout());
    }

    private Duration timeout() {
        return switch (awaited) {
            case NOTHING, MOVE -> Duration.ZERO;
            case REQUEST -> unwritten > 0 ? options.writeTimeout() : options.idleTimeout();
            case HEAD -> options.headTimeout();
            case REST_OF_BODY -> options.bodyTimeout();
            case END -> options.writeTimeout();
        };
    }

    private void onDeadline() {
        switch (awaited) {
            case NOTHING, MOVE -> {}
            case HEAD -> onHeadTimeout.run();
            case REST_OF_BODY -> onTimeout.run();
            case REQUEST, END -> {
                if (unwritten() < unwritten) {
                    await(awaited);
                } else {
                    onTimeout.run();
                }
            }
        }
    }

    /** Bytes that the socket has not taken; a piece counts until it was taken whole. */
    private long unwritten() {
        ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
        return buffer == null ? 0 : buffer.totalPendingWriteBytes();
    }
}
