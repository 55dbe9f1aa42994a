package dev.baton;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The thread that owns a generation's state, and the queue of events that it handles one after the other. Timers are
 * monotonic. The thread is a daemon and lives as long as the process: late events find it, and find nothing to do.
 */
final class Owner {
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(this::newThread);

    /** Written before its first event runs. */
    private volatile @Nullable Thread worker;

    private Thread newThread(Runnable work) {
        Thread made = Thread.ofPlatform().daemon().name("baton-generation").unstarted(work);
        worker = made;
        return made;
    }

    /** From any thread. */
    void post(Runnable event) {
        thread.execute(() -> handle(event));
    }

    /** From any thread; cancelling after the event has run does nothing. */
    Future<?> schedule(Duration delay, Runnable event) {
        return thread.schedule(() -> handle(event), delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Posts an event when participants have stopped doing something; a failure is logged, and delays nothing. */
    void postAfter(CompletionStage<Void> participants, Runnable event) {
        postAfter(participants, failure -> {
            failure.ifPresent(Log::participantFailed);
            event.run();
        });
    }

    /** Posts an event when participants have done, or failed to do, what they were asked. */
    void postAfter(CompletionStage<Void> participants, Consumer<Optional<Throwable>> event) {
        participants.whenComplete((_, failure) -> post(() -> event.accept(Optional.ofNullable(failure))));
    }

    /** Waits for a decision of the owner; not for the owner itself. A failure is thrown. */
    <T> T ask(Supplier<T> decision) {
        return CompletableFuture.supplyAsync(decision, thread).join();
    }

    /**
     * The same, for so long at most: empty if the owner was busy till then. Then it may still decide, in vain. The owner
     * itself, which may be in a call of a participant, decides on the spot: it would wait for itself.
     */
    <T> Optional<T> ask(Supplier<T> decision, Duration limit) {
        if (Thread.currentThread() == worker) {
            return Optional.of(decision.get());
        }
        return CompletableFuture.supplyAsync(() -> Optional.of(decision.get()), thread)
                .completeOnTimeout(Optional.empty(), limit.toNanos(), TimeUnit.NANOSECONDS)
                .join();
    }

    /** The same outcome for others: what they hang on it runs on a thread of its own and not on this one. */
    static <T> CompletableFuture<T> away(CompletableFuture<T> outcome) {
        return outcome.thenApplyAsync(
                Function.identity(),
                task -> Thread.ofVirtual().name("baton-outcome").start(task));
    }

    private static void handle(Runnable event) {
        try {
            event.run();
        } catch (RuntimeException | Error e) {
            Log.ownerFailed(e);
        }
    }
}
