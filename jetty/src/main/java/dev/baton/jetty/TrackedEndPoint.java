package dev.baton.jetty;

import dev.baton.drain.LingeringClose;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;

/** Jetty's end of a connection, whose {@link ServedConnection} hears of its bytes and its end. */
final class TrackedEndPoint extends SocketChannelEndPoint {
    private static final byte[] TIMED_OUT =
            "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII);

    private final SelectionKey key;
    private final ServedConnection served;

    TrackedEndPoint(
            SocketChannel socket,
            ManagedSelector selector,
            SelectionKey key,
            Scheduler scheduler,
            ServedConnection served) {
        super(socket, selector, key, scheduler);
        this.key = key;
        this.served = served;
    }

    ServedConnection served() {
        return served;
    }

    @Override
    public int fill(ByteBuffer buffer) throws IOException {
        return served.fill(() -> super.fill(buffer));
    }

    @Override
    public boolean flush(ByteBuffer... buffers) throws IOException {
        long before = remaining(buffers);
        try {
            return super.flush(buffers);
        } finally {
            served.sent(before - remaining(buffers));
        }
    }

    private static long remaining(ByteBuffer... buffers) {
        long sum = 0;
        for (ByteBuffer buffer : buffers) {
            sum += buffer.remaining();
        }
        return sum;
    }

    @Override
    public void fillInterested(Callback callback) {
        served.waits();
        super.fillInterested(callback);
    }

    @Override
    public void upgrade(Connection next) {
        super.upgrade(next);
        if (!next.getClass().getName().startsWith("org.eclipse.jetty.http2.")) {
            served.upgraded();
        }
    }

    /** Tells a client whose head did not become complete, which Jetty does not. */
    @Override
    protected void onIdleExpired(TimeoutException timeout) {
        if (served.isWithinHead()) {
            try {
                flush(ByteBuffer.wrap(TIMED_OUT));
                shutdownOutput();
            } catch (IOException e) {
                timeout.addSuppressed(e);
            }
        }
        super.onIdleExpired(timeout);
    }

    @Override
    protected void doShutdownOutput() {
        super.doShutdownOutput();
        served.outputShutDown();
    }

    /** Jetty closes the connection, also while the client still sends what nobody will read. */
    @Override
    public void doClose() {
        if (served.isToLinger()) {
            key.cancel();
            LingeringClose.begin(getChannel(), served::closed);
        } else {
            super.doClose();
            served.closed();
        }
    }
}
