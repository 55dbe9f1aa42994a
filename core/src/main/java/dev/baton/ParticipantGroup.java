package dev.baton;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** The participants of this generation as one; used by the owner thread alone. */
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
        members.forEach(Participant::release);
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
                .map(participant -> call.apply(participant).toCompletableFuture())
                .toArray(CompletableFuture<?>[]::new));
    }
}
