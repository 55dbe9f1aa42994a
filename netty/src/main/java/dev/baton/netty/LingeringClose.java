package dev.baton.netty;

import dev.baton.drain.TrackedConnection;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Closes a connection so that its last response arrives.
 *
 * <p>A close(2) with unread bytes in the receive queue, or before bytes that are still on their way, makes the kernel send
 * a reset, which can overtake the response and destroy it. So the output is closed first, which tells the client that
 * the response is complete, and the input is read and thrown away until the client closes too (RFC 9112, section 9.6). A
 * bound in time and one in bytes keep a client from holding the connection.
 *
 * <p>If the client was in the middle of sending, the registry keeps the connection as active until the close, so that a
 * drain, and with it the process, waits for it. If it was not, the connection is closed as far as the registry is
 * concerned once the output is: the client has all it asked for, and waiting on would only catch a request that it sent
 * too early. The end of the process may cut that short.
 */
final class LingeringClose {
    /** For a client that reads only when it has sent all, this must do for the rest of its upload. */
    private static final Duration TIME_LIMIT = Duration.ofSeconds(10);

    private static final long BYTE_LIMIT = 64L << 20;

    private final DuplexChannel channel;
    private final TrackedConnection tracked;
    private final Runnable close;

    private long discarded;

    @Nullable
    private ScheduledFuture<?> timeout;

    LingeringClose(DuplexChannel channel, TrackedConnection tracked, Runnable close) {
        this.channel = channel;
        this.tracked = tracked;
        this.close = close;
    }

    /**
     * Closes the output. To be called once.
     *
     * @param unread whether the client is sending, or has sent, what will not be read otherwise
     */
    void begin(boolean unread) {
        var _ = TlsHandler.shutdownOutput(channel).addListener(shutdown -> {
            if (!shutdown.isSuccess()) {
                close.run();
            }
        });
        if (!channel.isOpen()) {
            return;
        }
        timeout = channel.eventLoop().schedule(close, TIME_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        channel.config().setAutoRead(true);
        if (!unread) {
            tracked.closed();
        }
    }

    void discarded(int count) {
        discarded += count;
        if (discarded > BYTE_LIMIT) {
            close.run();
        }
    }

    /** The channel is closed. */
    void cancel() {
        if (timeout != null) {
            timeout.cancel(false);
            timeout = null;
        }
    }
}
