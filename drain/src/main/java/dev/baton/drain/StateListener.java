package dev.baton.drain;

/** Hears of the changes of connections; Go's {@code Server.ConnState} hook. */
@FunctionalInterface
public interface StateListener {

    /**
     * A connection has changed its state. For a new connection both states are {@link ConnectionState#NEW}; for one that
     * another process has served, both are that in which it goes on here, {@link ConnectionState#IDLE} usually.
     *
     * <p>Called within the change, by the thread that owns the connection (for a new one: by the thread that opens it):
     * the changes of one connection arrive in order, those of several at the same time. The listener must neither block nor
     * close or drain connections, because some servers call it with a lock of the connection held. What it throws is logged.
     */
    void stateChanged(TrackedConnection connection, ConnectionState from, ConnectionState to);
}
