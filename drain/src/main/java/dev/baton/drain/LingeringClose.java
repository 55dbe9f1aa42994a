package dev.baton.drain;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.time.Duration;

/**
 * Closes a connection of a server on the JDK's channels so that its last response arrives: a close(2) with unread bytes in the receive queue makes the kernel
 * send a reset, which can overtake the response and destroy it (RFC 9112, section 9.6). So the output is closed, and the
 * input read and thrown away on a virtual thread until the client closes too, within a bound in time and one in bytes.
 */
public final class LingeringClose {
    private static final Duration TIME_LIMIT = Duration.ofSeconds(10);
    private static final long BYTE_LIMIT = 64L << 20;

    private LingeringClose() {}

    /**
     * Begins to close a socket, whose key with a selector was cancelled; returns at once.
     *
     * @param closed hears, on another thread, when it is closed
     */
    public static void begin(SocketChannel socket, Runnable closed) {
        var _ = Thread.ofVirtual().name("baton-lingering-close").start(() -> {
            try (socket) {
                socket.shutdownOutput();
                socket.configureBlocking(true);
                discard(socket.socket());
            } catch (IOException _) {
                // The client has gone, the time is over, or the server was closed.
            } finally {
                closed.run();
            }
        });
    }

    private static void discard(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        byte[] buffer = new byte[8192];
        long deadline = System.nanoTime() + TIME_LIMIT.toNanos();
        long discarded = 0;
        while (discarded <= BYTE_LIMIT) {
            long millis = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
            if (millis <= 0) {
                return;
            }
            socket.setSoTimeout((int) millis);
            int count = in.read(buffer);
            if (count < 0) {
                return;
            }
            discarded += count;
        }
    }
}
