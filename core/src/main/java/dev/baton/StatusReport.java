package dev.baton;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a generation says of itself, to operators and to its own program. */
final class StatusReport {
    /** How long the owner may take; an operator waits longer, so it is told. */
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private final Generation generation;
    private final Owner owner;

    StatusReport(Generation generation, Owner owner) {
        this.generation = generation;
        this.owner = owner;
    }

    /** As it is between two events of the owner; empty if that was busy for too long. Any thread. */
    Optional<GenerationStatus> ask() {
        return owner.ask(generation::status, TIMEOUT).map(status -> status.withWarnings(warnings()));
    }

    /** They read files: the owner is not kept by them. */
    private List<String> warnings() {
        List<String> warnings = new ArrayList<>(generation.warnings());
        warnings.addAll(Signals.warnings());
        return warnings;
    }
}
