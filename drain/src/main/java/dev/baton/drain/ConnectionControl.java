package dev.baton.drain;

import java.net.SocketAddress;

/**
 * What a server does for {@link Connections} so that a drain can act on one of its connections.
 *
 * <p>Every method may be called by any thread, returns at once, and hands its work to the thread that owns the
 * connection (an event loop, usually): whatever is decided about a connection is decided there, between two of its
 * events, so that no decision races with a request that arrives. A call for a connection that has ended does nothing.
 *
 * <p>{@link #drain} and {@link #resume} say that something has changed; when one is undone by the other at the same
 * moment, they may arrive in either order. What holds is what {@link TrackedConnection#drainReason()} says when the
 * owning thread asks.
 */
public interface ConnectionControl {

    /** The drain has begun: from now on responses tell the client to close. Called once for each drain. */
    void drain(DrainReason reason);

    /** The drain was undone: the connection is kept alive again, unless its client was told otherwise already. */
    void resume();

    /**
     * Closes the connection if it waits for a request, and does nothing otherwise.
     *
     * <p>The owning thread first takes in what has already arrived in the socket's buffer, and only then looks at the
     * state: a request of which one byte is there is served. May be called more than once.
     */
    void closeIfIdle();

    /** Closes the connection now, whatever it is doing. */
    void close();

    /**
     * Whether all that the peer has asked for is answered, although the connection is {@link ConnectionState#ACTIVE}:
     * the peer may still be sending the rest of a request that was refused. Says what is so at this moment, and, other than
     * the methods above, at once.
     */
    default boolean isAnswered() {
        return false;
    }

    /** The other end; for a Unix-domain client without a name, an address with the empty path. */
    SocketAddress peer();
}
