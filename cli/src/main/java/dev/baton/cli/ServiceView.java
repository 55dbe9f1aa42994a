package dev.baton.cli;

import dev.baton.BatonControl;
import dev.baton.ControlException;
import dev.baton.GenerationStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A service as an operator sees it at one moment.
 *
 * @param status what the generation says that was asked
 * @param open its open connections; empty if they cannot be counted
 * @param older the generations before it that have not ended, the one that has drained longest first
 */
record ServiceView(GenerationStatus status, OptionalInt open, List<Older> older) {
    /** An older generation that is frozen is shown without its own words. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    /**
     * A generation before.
     *
     * @param generation its number
     * @param pid its process
     * @param parked for how long it has been parked
     * @param left how long its connections may take; empty if it does not say
     * @param open its open connections; empty if they cannot be counted
     */
    record Older(int generation, long pid, Duration parked, Optional<Duration> left, OptionalInt open) {
        /** How much of the time for its connections is gone, from 0 to 1. */
        Optional<Double> spent() {
            return left.filter(time -> !parked.plus(time).isZero())
                    .map(time -> (double) parked.toMillis() / parked.plus(time).toMillis());
        }
    }

    ServiceView {
        older = List.copyOf(older);
    }

    /** Looks at a generation that has just answered, and asks those before it. */
    static ServiceView of(GenerationStatus status, Path directory) {
        return new ServiceView(
                status,
                OpenConnections.of(status.pid()),
                status.draining().stream().map(each -> older(each, directory)).toList());
    }

    private static Older older(GenerationStatus.Draining draining, Path directory) {
        return new Older(
                draining.generation(),
                draining.pid(),
                draining.drains(),
                left(draining.pid(), directory),
                OpenConnections.of(draining.pid()));
    }

    private static Optional<Duration> left(long pid, Path directory) {
        try {
            return BatonControl.of(pid, directory)
                    .withTimeout(PATIENCE)
                    .status()
                    .drainLeft();
        } catch (ControlException e) {
            return Optional.empty();
        }
    }
}
