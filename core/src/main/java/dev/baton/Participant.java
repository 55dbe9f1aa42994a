package dev.baton;

import java.util.concurrent.CompletionStage;

/**
 * A server that takes part in restarts: it accepts when its generation may, parks, drains and closes.
 *
 * <p>Baton calls from one thread, one call at a time, and must not be kept waiting: whatever takes time is behind the
 * returned stage. The order is always
 *
 * <pre>{@code
 *   [ resume ( park [ drain ] resume )* [ park [ drain ] release [ drain ] ] ] close
 * }</pre>
 *
 * where {@code resume} after {@code park} is an undo: the successor has failed and this generation serves again. After
 * {@code release} there is no way back. In a generation that ends before it has served there is {@code close} alone.
 */
public interface Participant {

    /** Begins to accept, or accepts again after {@link #park()}; cancels a {@link #drain}. */
    CompletionStage<Void> resume();

    /**
     * Stops accepting and keeps everything else as it is.
     *
     * <p>Completes when no accept(2) of this process is running or can begin any more and every connection that one has
     * returned is known to {@link #drain}. The listening socket stays open: what waits in its queue is the successor's.
     */
    CompletionStage<Void> park();

    /**
     * Closes its duplicates of the listeners, so that they are another generation's alone, or nobody's.
     *
     * <p>Called only when parked. Connections stay as they are. The duplicate of a socket for datagrams, from whose address
     * answers must go out, may stay open, unread, until what was begun is finished.
     */
    void release();

    /** Finishes what was begun; completes when the last connection has ended. Called only when parked. */
    CompletionStage<Void> drain(DrainReason reason);

    /**
     * Closes what is left and frees every resource, at once.
     *
     * @return the number of requests that were cut short
     */
    int close();

    /** Why connections are drained, for those protocols that can tell their peer. */
    enum DrainReason {
        /** Another generation serves now: a client that reconnects is served at once. */
        SUCCEEDED,
        /** The service ends. */
        STOPPED
    }
}
