package dev.baton;

import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * A connection that {@linkplain Migration#request asks} to be moved.
 *
 * <pre>
 *   ASKING --freeze--> FREEZING --frozen--> FROZEN --moved--> gone
 *      |                  |                    |
 *      +------stays-------+-----cannot now-----+---stays----> goes on here
 * </pre>
 *
 * The methods are called by any thread, must not wait, and hand their work to the thread that owns the connection.
 */
public interface MovableConnection {

    /**
     * There is room. The connection, if it is at a point at which another process can go on, is frozen: nothing is read
     * from it or written to it until one of the two other methods is called.
     *
     * @return what to pass on; empty if the connection cannot be moved now, and then no other method is called. It may
     *     ask again. If the stage fails, {@link #stays()} is called
     */
    CompletionStage<Optional<Frozen>> freeze();

    /** The other process has it: close the descriptor, without a word to the peer. */
    void moved();

    /** It is not moved: it was refused, or there is no other process any more. */
    void stays();

    /**
     * A frozen connection.
     *
     * @param listener the listener that has accepted it
     * @param descriptor stays the participant's, and open until {@link #moved()} or {@link #stays()}
     * @param state what the other process needs to go on, at most {@link Migration#MAX_STATE_BYTES}. It may run an older
     *     or a newer release, so this carries a version of its own
     */
    @SuppressWarnings("ArrayRecordComponent") // Passed on once, never compared.
    record Frozen(ListenAddress listener, int descriptor, byte[] state) {
        /** @throws IllegalArgumentException if the state is too long */
        public Frozen {
            Objects.requireNonNull(listener);
            if (state.length > Migration.MAX_STATE_BYTES) {
                throw new IllegalArgumentException("a state of " + state.length + " bytes, at most "
                        + Migration.MAX_STATE_BYTES + " are possible");
            }
        }
    }
}
