package dev.baton.jetty;

import dev.baton.drain.LingeringClose;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeoutException;
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

    /** What Jetty speaks here, at this moment. */
    Protocol protocol() {
        return Protocol.on(this);
    }

    @Override
    public int fill(ByteBuffer buffer) throws IOException {
        return served.fill(() -> super.fill(buffer), protocol());
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
        served.waits(protocol());
        super.fillInterested(callback);
    }

    /** As TLS waits, and as a request waits for its body. */
    @Override
    public boolean tryFillInterested(Callback callback) {
        served.waits(protocol());
        return super.tryFillInterested(callback);
    }

    /** Tells a client whose head of HTTP/1.1 did not become complete, which Jetty does not. */
    @Override
    protected void onIdleExpired(TimeoutException timeout) {
        Protocol protocol = protocol();
        if (served.isWithinHead(protocol)) {
            try {
                protocol.endPoint().flush(ByteBuffer.wrap(TIMED_OUT));
                protocol.endPoint().shutdownOutput();
            } catch (IOException e) {
                timeout.addSuppressed(e);
            }
        }
        super.onIdleExpired(timeout);
    }

    /** Closes the connection at once, as its protocols say: TLS by a close_notify, an idle HTTP/2 by a GOAWAY. */
    void end(boolean busy) {
        Protocol protocol = protocol();
        try {
            if (!busy && protocol.connection() != null) {
                protocol.connection().close();
            }
            protocol.endPoint().close();
        } finally {
            close();
        }
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
