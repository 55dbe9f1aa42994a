package dev.baton;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The participants of this generation as one; used by the owner thread alone. One that throws, instead of failing its
 * stage, neither stops the others nor the owner.
 */
final class ParticipantGroup {
    private final List<Participant> members = new ArrayList<>();

    void add(Participant participant) {
        members.add(participant);
    }

    CompletableFuture<Void> resume() {
        return all(Participant::resume);
    }

    CompletableFuture<Void> park() {
        return all(Participant::park);
    }

    CompletableFuture<Void> drain(Participant.DrainReason reason) {
        return all(participant -> participant.drain(reason));
    }

    void release() {
        for (Participant participant : members) {
            try {
                participant.release();
            } catch (RuntimeException e) {
                Log.participantFailed(e);
            }
        }
    }

    /** Closes every participant, also when one of them fails; the sum of what was cut. */
    int close() {
        int cut = 0;
        for (Participant participant : members) {
            try {
                cut += participant.close();
            } catch (RuntimeException e) {
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
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }
}
