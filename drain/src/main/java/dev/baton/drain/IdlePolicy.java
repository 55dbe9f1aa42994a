package dev.baton.drain;

/** What becomes of a connection without an outstanding request when a drain begins. */
public enum IdlePolicy {
    /**
     * It moves to the successor with its descriptor, and its client notices nothing. So does one that is active, when its
     * response is done. A connection that cannot move (TLS, half-closed by its client), that the successor refuses, or for
     * which there is no successor, is treated as with {@link #CLOSE_AFTER_RESPONSE}.
     */
    MIGRATE,
    /**
     * It stays until its next request, which is served and tells the client to close, or until the
     * {@linkplain DrainOptions#idleGrace() idle grace} is over. No request meets a closed connection before that.
     */
    CLOSE_AFTER_RESPONSE,
    /** It is closed at once, as Go's {@code Server.Shutdown} does it: a request that is on its way is lost. */
    CLOSE
}
