package dev.baton;

import java.io.IOException;
import java.net.SocketAddress;

/**
 * A socket that survives restarts: one that listens for connections, or one that is bound to receive datagrams.
 *
 * <p>The descriptor belongs to Baton, which keeps it open until this generation gives the listener up. A server works on
 * a {@linkplain #duplicate() duplicate} of its own. Safe for use by any thread.
 */
public interface Listener extends AutoCloseable {

    /** The address as it was requested, its host resolved: the key across generations. */
    ListenAddress address();

    /** The address as it is bound: where port 0 was requested, with the port that the kernel chose. */
    SocketAddress localAddress();

    /** Whether the socket came from the parent; false if this generation bound it. */
    boolean inherited();

    /**
     * A new descriptor for the same socket, non-blocking and close-on-exec, which the caller owns and closes.
     *
     * <p>The socket is bound already, and listens if it is one for connections. Never call {@code shutdown(2)} on it: that would end it in every process that
     * shares it. Take the descriptor out of any epoll set before closing it: the set would otherwise go on reporting
     * events, because the socket lives on (epoll(7), "Questions and answers", 6).
     *
     * @throws IOException if no descriptor is left
     */
    int duplicate() throws IOException;

    /**
     * Gives the listener up for this generation and those that follow. A second call does nothing.
     *
     * <p>The path of a Unix listener is removed, also where an earlier generation bound it, but not before the parent
     * has stopped accepting on it: in a successor that fails, closing a listener changes nothing for the parent.
     */
    @Override
    void close();
}
