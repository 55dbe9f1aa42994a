package dev.baton;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The thread that owns a generation's state, and the queue of events that it handles one after the other. Timers are
 * monotonic. The thread is a daemon and lives as long as the process: late events find it, and find nothing to do.
 */
final class Owner {
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("baton-generation").factory());

    /** From any thread. */
    void post(Runnable event) {
        thread.execute(() -> handle(event));
    }

    /** From any thread; cancelling after the event has run does nothing. */
    Future<?> schedule(Duration delay, Runnable event) {
        return thread.schedule(() -> handle(event), delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Posts an event when all participants have done what they were asked; a failure is logged and delays nothing. */
    void postAfter(CompletionStage<Void> participants, Runnable event) {
        participants.whenComplete((_, failure) -> {
            if (failure != null) {
                Log.participantFailed(failure);
            }
            post(event);
        });
    }

    private static void handle(Runnable event) {
        try {
            event.run();
        } catch (RuntimeException | Error e) {
            Log.ownerFailed(e);
        }
    }
}
