package dev.baton;

import java.util.Optional;

/**
 * A participant whose connections can go on in another process: live migration.
 *
 * <pre>{@code
 *   this generation (after the switch)                     the one that serves
 *
 *   migrate(migration), drain(SUCCEEDED)
 *   migration.request(connection)
 *   connection.freeze()        ---- descriptor, state --->  adopt(...)
 *   connection.moved()         <------ it is taken -------  then begin()
 * }</pre>
 *
 * <p>At every moment one process owns a connection. The word that it is taken passes it on: until the kernel has that
 * word in the other's queue, the new process does not read, and can only close its copy of the descriptor, which nobody
 * notices; from then on the old one can. After an undo the same happens in the other direction.
 */
public interface MigratingParticipant extends Participant {

    /**
     * Connections may be moved to another generation from the {@link #drain} on that follows, until {@link #resume()}.
     * Called after {@link #park()} has completed, by the thread that makes the other calls.
     */
    void migrate(Migration migration);

    /**
     * Prepares to go on with a connection of another generation, and neither reads nor writes yet.
     *
     * <p>Called while this participant accepts, or drains, or at the moment of its end: any thread.
     *
     * @param listener the listener that has accepted the connection
     * @param descriptor the connection, non-blocking and close-on-exec; the participant's if it answers an adoption
     * @param state what {@link MovableConnection.Frozen#state()} was in the other process, which may run another release
     * @return empty if this participant cannot go on with it: the other process keeps it
     */
    Optional<Adoption> adopt(ListenAddress listener, int descriptor, byte[] state);

    /** A connection that is about to be this process's; exactly one of the methods is called, by any thread. */
    interface Adoption {
        /** It is: read, and answer. */
        void begin();

        /** It is not: close the descriptor, and nothing else. */
        void abandon();
    }
}
