package dev.baton.netty;

import dev.baton.drain.DrainReason;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

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

    /**
     * The name under which another process goes on with connections of this protocol: that for which a handler was given
     * to {@link NettyServer.Builder#adopts}. Empty if they do not move.
     */
    default Optional<String> migratesAs() {
        return Optional.empty();
    }

    /**
     * Whether another process can go on with the connection at this moment: nothing was given to the application that it
     * has not answered, all that was written is in the socket, and the client has not closed its side. Asked only if
     * {@link #migratesAs()} names something.
     */
    default boolean isAtRest() {
        return false;
    }

    /**
     * The connection is about to be frozen, and was at rest: from now on, until {@link MigrationEvent#ENDED}, {@link #moved()}
     * or the end of the connection, the application's other threads can begin nothing either.
     *
     * @return false if one of them has begun something meanwhile: the connection is not frozen, and nothing is held
     */
    default boolean suspend() {
        return true;
    }

    /**
     * What the other process needs beside the bytes, while the connection is frozen. Completed in any thread.
     *
     * @return empty if the connection cannot go on there
     */
    default CompletionStage<Optional<byte[]>> save() {
        return CompletableFuture.completedStage(Optional.of(new byte[0]));
    }

    /** The connection is another process's; the handlers leave the pipeline next, without a further event. */
    default void moved() {}

    /** See {@link dev.baton.drain.ConnectionControl#isAnswered()}. Called by any thread. */
    default boolean isAnswered() {
        return false;
    }
}
