package dev.baton;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a generation says of itself when an operator asks.
 *
 * @param name what operators call the service
 * @param generation its number
 * @param pid its process
 * @param state what it is doing
 * @param inState for how long
 * @param age since it was started
 * @param release the release of Baton that it runs on
 * @param listeners the {@linkplain ListenAddress#key() keys} of its listeners
 * @param undoable how long the last restart can still be undone; empty if it cannot
 * @param servedBy the process that serves in its place, as far as it knows; empty if it serves itself
 * @param draining older generations that have not ended, the one that has drained longest first
 * @param restarts how often the service has been switched to a successor, those that were undone included, as far as this
 *     generation knows
 * @param warnings what an operator should know, one line each
 * @param jdk the version of the JDK that it runs on; empty if its release of Baton does not say
 * @param jar the jar that it was started from, absolute, symbolic links not followed; empty if it was started in another
 *     way, or its release of Baton does not say
 * @param drainLeft how long its connections may still take to finish before they are cut; empty if none is being drained, or
 *     they may take for ever, or its release of Baton does not say
 */
public record GenerationStatus(
        String name,
        int generation,
        long pid,
        State state,
        Duration inState,
        Duration age,
        String release,
        List<String> listeners,
        Optional<Duration> undoable,
        OptionalLong servedBy,
        List<Draining> draining,
        int restarts,
        List<String> warnings,
        Optional<String> jdk,
        Optional<Path> jar,
        Optional<Duration> drainLeft) {

    /** Copies the lists. */
    public GenerationStatus {
        listeners = List.copyOf(listeners);
        draining = List.copyOf(draining);
        warnings = List.copyOf(warnings);
    }

    /**
     * An older generation that has not ended.
     *
     * @param generation its number
     * @param pid its process
     * @param drains for how long it has been parked
     */
    public record Draining(int generation, long pid, Duration drains) {}

    GenerationStatus withWarnings(List<String> lines) {
        return new GenerationStatus(
                name,
                generation,
                pid,
                state,
                inState,
                age,
                release,
                listeners,
                undoable,
                servedBy,
                draining,
                restarts,
                lines,
                jdk,
                jar,
                drainLeft);
    }
}
