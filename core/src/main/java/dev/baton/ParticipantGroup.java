package dev.baton;

import dev.baton.MigratingParticipant.Adoption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The participants of this generation as one; used by the owner thread alone, but for {@link #adopt}. One that throws,
 * instead of failing its stage, neither stops the others nor the owner: an error too, such as a class that cannot be
 * loaded because the jar was overwritten.
 */
final class ParticipantGroup {
    /** Far more than it takes to register a listener, or to deregister one: a participant that needs it hangs. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final List<Participant> members = new CopyOnWriteArrayList<>();

    void add(Participant participant) {
        members.add(participant);
    }

    CompletableFuture<Void> resume() {
        return inTime(all(Participant::resume), "accept");
    }

    CompletableFuture<Void> park() {
        return inTime(all(Participant::park), "stop accepting");
    }

    private static CompletableFuture<Void> inTime(CompletableFuture<Void> done, String what) {
        return done.orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                .exceptionallyCompose(failure -> CompletableFuture.failedFuture(
                        failure instanceof TimeoutException
                                ? new IllegalStateException(
                                        "a server did not " + what + " within " + Durations.format(PATIENCE))
                                : failure));
    }

    /** Connections may move to another generation during the drain that follows. */
    void migrate(Migration migration) {
        for (Participant participant : members) {
            if (participant instanceof MigratingParticipant migrating) {
                attempt(() -> migrating.migrate(migration));
            }
        }
    }

    /** As {@link MigratingParticipant#adopt}, by whichever participant can. Any thread. */
    Optional<Adoption> adopt(ListenAddress listener, int descriptor, byte[] state) {
        for (Participant participant : members) {
            if (participant instanceof MigratingParticipant migrating) {
                Optional<Adoption> adoption = migrating.adopt(listener, descriptor, state);
                if (adoption.isPresent()) {
                    return adoption;
                }
            }
        }
        return Optional.empty();
    }

    CompletableFuture<Void> drain(Participant.DrainReason reason) {
        return all(participant -> participant.drain(reason));
    }

    void release() {
        members.forEach(participant -> attempt(participant::release));
    }

    /** Closes every participant, also when one of them fails; the sum of what was cut. */
    int close() {
        int cut = 0;
        for (Participant participant : members) {
            try {
                cut += participant.close();
            } catch (RuntimeException | Error e) {
                Log.participantFailed(e);
            }
        }
        members.clear();
        return cut;
    }

    private CompletableFuture<Void> all(Function<Participant, CompletionStage<Void>> call) {
        return CompletableFuture.allOf(members.stream()
                .map(participant -> guarded(() -> call.apply(participant)))
                .toArray(CompletableFuture<?>[]::new));
    }

    /** The stage that a participant answers, failed if it throws instead. */
    static CompletableFuture<Void> guarded(Supplier<CompletionStage<Void>> call) {
        try {
            return call.get().toCompletableFuture();
        } catch (RuntimeException | Error e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Calls a participant; what it throws is logged, and reaches nobody else. */
    static void attempt(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException | Error e) {
            Log.participantFailed(e);
        }
    }
}
