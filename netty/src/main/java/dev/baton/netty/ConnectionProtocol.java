package dev.baton.netty;

import dev.baton.drain.DrainReason;

/**
 * What a protocol does on one connection when the server drains. Every method but {@link #isAnswered()} is called
 * in the connection's event loop.
 *
 * <p>A protocol also tells the {@linkplain ServedConnection#tracked() registry} when the connection is active and idle.
 */
public interface ConnectionProtocol {

    /** The drain has begun; {@link dev.baton.drain.TrackedConnection#drainReason()} says so too. */
    void drain(DrainReason reason);

    /** The drain was undone. */
    void resume();

    /**
     * The connection waits for a request, as far as the registry knows, and may be closed; everything that had arrived in
     * the socket has been read and passed through the pipeline.
     */
    void closeIdle();

    /** See {@link dev.baton.drain.ConnectionControl#isAnswered()}. Called by any thread. */
    default boolean isAnswered() {
        return false;
    }
}
