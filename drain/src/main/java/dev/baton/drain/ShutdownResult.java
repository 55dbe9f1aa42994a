package dev.baton.drain;

import java.util.List;

/** How a {@linkplain Connections#shutdown shutdown} ended. */
public sealed interface ShutdownResult {

    /**
     * Every connection has ended, but for the hijacked ones.
     *
     * @param requestsCut how many requests a {@link Connections#close()} in the meantime cut short; 0 without one
     */
    record Completed(int requestsCut) implements ShutdownResult {}

    /**
     * The deadline has passed. Nothing was closed for it: whether to wait on or to {@link Connections#close()} is for
     * the caller to say.
     *
     * @param open what was still open, oldest first; never empty
     */
    record TimedOut(List<ConnectionSnapshot> open) implements ShutdownResult {
        public TimedOut {
            open = List.copyOf(open);
        }
    }
}
