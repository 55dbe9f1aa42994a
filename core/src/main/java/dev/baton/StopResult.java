package dev.baton;

import java.util.OptionalLong;

/** What became of a request to stop the service. */
public sealed interface StopResult {

    /** It finishes what it has begun, and ends; perhaps it did so before. */
    record Stopping() implements StopResult {}

    /**
     * This generation is not the service, which is another's to stop; the request had no effect.
     *
     * @param state what it does instead
     * @param servedBy the process that serves in its place, as far as it knows
     */
    record NotServing(State state, OptionalLong servedBy) implements StopResult {}
}
