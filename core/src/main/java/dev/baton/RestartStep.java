package dev.baton;

import java.time.Duration;

/**
 * A step of a restart that has succeeded so far.
 *
 * @param kind which
 * @param generation the number of the successor
 * @param pid its process; until it is {@link Kind#CONNECTED}, the one that was started, which may be its launcher
 * @param elapsed from the request to the step
 */
public record RestartStep(Kind kind, int generation, long pid, Duration elapsed) {

    /** The steps in their order; what comes after the last is a {@link RestartResult}. */
    public enum Kind {
        /** Its process runs. */
        STARTED,
        /** It has its listeners. */
        CONNECTED,
        /** It can serve. */
        READY,
        /** It accepts, as this generation still does. */
        ACCEPTING
    }
}
