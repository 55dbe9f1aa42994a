package dev.baton.netty;

import dev.baton.drain.DrainTimer;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.PriorityQueue;

/** A clock that stands still until the test advances it; tasks run in the thread that does. */
final class ManualTimer implements DrainTimer {
    private record Task(long at, long number, Runnable run) {}

    private final PriorityQueue<Task> tasks =
            new PriorityQueue<>(Comparator.comparingLong(Task::at).thenComparingLong(Task::number));
    private long now = Long.MAX_VALUE - 1_000; // overflows soon, as a monotonic clock may
    private long number;

    @Override
    public synchronized long nanoTime() {
        return now;
    }

    @Override
    public synchronized Cancellable schedule(Duration delay, Runnable run) {
        // Relative to the start, so that the queue's order survives the overflow of the clock.
        Task task = new Task(elapsed() + delay.toNanos(), number++, run);
        tasks.add(task);
        return () -> {
            synchronized (this) {
                tasks.remove(task);
            }
        };
    }

    private long elapsed() {
        return now - (Long.MAX_VALUE - 1_000);
    }

    void advance(Duration duration) {
        long until;
        synchronized (this) {
            until = elapsed() + duration.toNanos();
        }
        for (Optional<Task> next = due(until); next.isPresent(); next = due(until)) {
            next.get().run().run();
        }
        synchronized (this) {
            now += until - elapsed();
        }
    }

    private synchronized Optional<Task> due(long until) {
        Task next = tasks.peek();
        if (next == null || next.at() > until) {
            return Optional.empty();
        }
        tasks.remove();
        now += Math.max(0, next.at() - elapsed());
        return Optional.of(next);
    }
}
