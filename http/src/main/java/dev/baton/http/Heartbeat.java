package dev.baton.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds out that a peer is gone though its connection looks open: after an interval without a byte from it a Ping is sent,
 * after another one it is lost. While the socket is not read, because the listener requests nothing, nothing can be known.
 * Event loop only.
 */
final class Heartbeat {
    private final Channel channel;
    private final long intervalNanos;
    private final BooleanSupplier reading;
    private final Runnable written;
    private final Runnable lost;
    private long heardAt;
    private boolean asked;
    private long question;
    private @Nullable Future<?> next;

    /** @param written a Ping has left the process */
    Heartbeat(Channel channel, Duration interval, BooleanSupplier reading, Runnable written, Runnable lost) {
        this.channel = channel;
        this.intervalNanos = interval.toNanos();
        this.reading = reading;
        this.written = written;
        this.lost = lost;
    }

    void start() {
        heard();
        if (intervalNanos > 0) {
            schedule(intervalNanos);
        }
    }

    void stop() {
        if (next != null) {
            next.cancel(false);
        }
    }

    void heard() {
        heardAt = now();
        asked = false;
    }

    /** Of the last Ping, whose answer may still come; 0 if there was none. */
    long question() {
        return question;
    }

    /** The last Ping was sent in another process. */
    void question(long asked) {
        question = asked;
    }

    /** Whether a Pong answers our own Ping, and so is not for the listener. */
    boolean isAnswer(ByteBuf pong) {
        return question != 0 && pong.readableBytes() == Long.BYTES && pong.getLong(pong.readerIndex()) == question;
    }

    private long now() {
        return channel.eventLoop().ticker().nanoTime();
    }

    private void schedule(long delay) {
        next = channel.eventLoop().schedule(this::beat, delay, TimeUnit.NANOSECONDS);
    }

    private void beat() {
        long silent = now() - heardAt;
        if (!reading.getAsBoolean()) {
            heard();
            schedule(intervalNanos);
        } else if (silent < intervalNanos) {
            schedule(intervalNanos - silent);
        } else if (!asked) {
            asked = true;
            question = now() | 1;
            var _ = channel.writeAndFlush(new PingWebSocketFrame(Unpooled.copyLong(question)))
                    .addListener(_ -> written.run());
            schedule(intervalNanos);
        } else {
            lost.run();
        }
    }
}
