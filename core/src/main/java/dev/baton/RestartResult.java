package dev.baton;

import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;

/** How a restart ended. */
public sealed interface RestartResult {

    /**
     * The successor serves, and this generation has parked.
     *
     * @param generation the number of the successor
     * @param pid the process of the successor
     * @param toReady from the request to the successor's word that it can serve
     * @param toSwitch from the request to the moment at which this generation had stopped accepting
     */
    record Switched(int generation, long pid, Duration toReady, Duration toSwitch) implements RestartResult {}

    /**
     * The successor has failed and is gone; this generation serves on as if nothing had been asked.
     *
     * @param cause what kind of failure
     * @param detail the same in one line for people, with the successor's exit status where there is one
     * @param lastLines the last lines that the successor, and what it had started, wrote to standard error: at most ten,
     *     of at most 400 bytes each, without control characters and the frames of stack traces; none if it wrote nothing
     *     or the parent has no standard error itself
     */
    record Failed(Cause cause, String detail, List<String> lastLines) implements RestartResult {
        public Failed {
            lastLines = List.copyOf(lastLines);
        }
    }

    /** Another restart is running; this request had no effect. */
    record AlreadyInProgress() implements RestartResult {}

    /**
     * This generation does not serve, so it cannot be succeeded; the request had no effect.
     *
     * @param state what it does instead
     * @param servedBy the process that serves in its place, as far as it knows
     */
    record NotServing(State state, OptionalLong servedBy) implements RestartResult {}

    /**
     * As many older generations as {@code max-generations} allows still drain; the request had no effect.
     *
     * @param generation the one that has drained longest
     * @param pid its process
     * @param drains for how long it has
     */
    record TooManyGenerations(int generation, long pid, Duration drains) implements RestartResult {}

    /** Why a successor failed. */
    enum Cause {
        /** The process could not be started. */
        SPAWN_FAILED,
        /** The process ended, with whatever status, before it accepted. */
        EXITED,
        /** The process was not ready within {@code ready-timeout}, and was killed. */
        READY_TIMEOUT,
        /** The process closed the handoff or broke its protocol, and was killed. */
        HANDOFF_BROKEN,
        /** The generation before this one, which could still come back, did not say that it never will; it may be frozen. */
        PARENT_SILENT,
        /** The service was stopped meanwhile, and the successor killed. */
        STOPPED
    }
}
