package dev.baton.testkit;

import java.io.Closeable;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;

/**
 * What carries the bytes of one client connection: a socket, or something on top of one, such as TLS. It never reconnects.
 *
 * <p>Used by one thread at a time. Deadlines are values of {@link System#nanoTime()}.
 */
public interface ClientTransport extends Closeable {

    /**
     * Reads at least a byte.
     *
     * @return how many; -1 at the orderly end of the stream; 0 if the deadline has passed
     * @throws IOException if the connection was reset
     */
    int read(ByteBuffer into, long deadline) throws IOException;

    /**
     * Writes everything that remains.
     *
     * @throws java.net.SocketTimeoutException if it was not taken before the deadline
     */
    void write(ByteBuffer from, long deadline) throws IOException;

    /** Ends this side of the stream; the other can still send. */
    void shutdownOutput() throws IOException;

    /** Closes with a reset in place of an orderly end. */
    void reset() throws IOException;

    /** The local address, which the server sees as the peer's. */
    SocketAddress localAddress() throws IOException;
}
