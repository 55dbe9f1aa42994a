package dev.baton.netty;

/**
 * The user event that tells the handlers of a pipeline what live migration does with their connection; fired through the
 * pipeline, in the event loop.
 *
 * <pre>
 *   BEGUN ---> FROZEN ---> the handlers are removed: the connection is another process's
 *     |           |
 *     +-----------+------> ENDED: it goes on here
 * </pre>
 *
 * A handler that knows of none of it works nevertheless. One with timers of its own stops them at {@link #FROZEN}.
 */
public enum MigrationEvent {
    /**
     * The connection moves when it is at rest. A decoder that can stops behind the end of each request from now on: what
     * has come after it moves.
     */
    BEGUN,
    /** Nothing is read or written from now on: what is written is held back, and thrown away if the connection moves. */
    FROZEN,
    /** The connection does not move; what was stopped goes on. Also without {@link #FROZEN} before it. */
    ENDED
}
