package dev.baton.drain;

/** What becomes of a connection without an outstanding request when a drain begins. */
public enum IdlePolicy {
    /**
     * It moves to the successor with its descriptor. A connection that cannot move is treated as with
     * {@link #CLOSE_AFTER_RESPONSE}; so are all of them as long as the adapter in use cannot move any.
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
