package dev.baton.testkit;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * Waits with a deadline in monotonic time, and says what it waited for if that does not come.
 *
 * <p>{@link #event} waits for something that announces itself. {@link #state} and {@link #value} look again every few
 * milliseconds: they are for the state of another process, which announces nothing to its neighbours (its descriptors,
 * its file, its entry in {@code /proc}), and for nothing else.
 */
public final class Await {
    private static final long POLL_NANOS = 2_000_000;

    private Await() {}

    /** A condition on something outside this process. */
    @FunctionalInterface
    public interface Condition {
        /** Whether it holds; an exception is a failure, not a "not yet". */
        boolean holds() throws Exception;
    }

    /**
     * Waits for a stage to complete and returns its result.
     *
     * @param what completes the sentence "waited for ..."
     * @throws AssertionError if it fails, or is not complete in time
     */
    public static <T> T event(String what, CompletionStage<T> stage, Duration timeout) throws InterruptedException {
        CompletableFuture<T> future = stage.toCompletableFuture();
        try {
            return future.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("waited " + timeout + " in vain for " + what, e);
        } catch (ExecutionException e) {
            throw new AssertionError("waited for " + what + ", and it failed", e.getCause());
        }
    }

    /**
     * Waits until a condition holds.
     *
     * @param what completes the sentence "waited for ..."
     * @throws AssertionError if it does not hold in time
     */
    public static void state(String what, Duration timeout, Condition condition) throws Exception {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (!condition.holds()) {
            pause(what, timeout, deadline, () -> "");
        }
    }

    /**
     * Waits until there is a value.
     *
     * @param what completes the sentence "waited for ..."
     * @param lastSeen describes what there is instead, for the message
     * @throws AssertionError if there is none in time
     */
    public static <T> T value(String what, Duration timeout, Supplier<Optional<T>> value, Supplier<String> lastSeen)
            throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (true) {
            Optional<T> found = value.get();
            if (found.isPresent()) {
                return found.get();
            }
            pause(what, timeout, deadline, () -> "; instead there is " + lastSeen.get());
        }
    }

    private static void pause(String what, Duration timeout, long deadline, Supplier<String> instead)
            throws InterruptedException {
        if (System.nanoTime() - deadline >= 0) {
            throw new AssertionError("waited " + timeout + " in vain for " + what + instead.get());
        }
        if (Thread.interrupted()) {
            throw new InterruptedException("while waiting for " + what);
        }
        LockSupport.parkNanos(POLL_NANOS);
    }
}
