package dev.baton.http;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One deadline that is set and lifted for every request, in the event loop alone.
 *
 * <p>To schedule and cancel a task for every request would cost more than many handlers do. So a task, once scheduled,
 * stays: when it runs and the deadline has moved on or was lifted, it schedules itself again or ends. It is replaced only
 * when a nearer deadline is set.
 */
final class DeadlineTimer {
    private final EventExecutor executor;
    private final Runnable onDeadline;
    private boolean armed;
    private long deadline;
    private @Nullable Future<?> task;
    private long taskTime;

    DeadlineTimer(EventExecutor executor, Runnable onDeadline) {
        this.executor = executor;
        this.onDeadline = onDeadline;
    }

    /** Sets the deadline, in the place of any other; a zero time means none. */
    void set(Duration timeout) {
        if (timeout.isZero()) {
            lift();
            return;
        }
        armed = true;
        deadline = executor.ticker().nanoTime() + timeout.toNanos();
        if (task == null) {
            schedule(timeout.toNanos());
        } else if (taskTime - deadline > 0) {
            task.cancel(false);
            schedule(timeout.toNanos());
        }
    }

    void lift() {
        armed = false;
    }

    /** Ends the task too; the timer can be used again. */
    void cancel() {
        armed = false;
        if (task != null) {
            task.cancel(false);
            task = null;
        }
    }

    private void schedule(long delayNanos) {
        taskTime = deadline;
        task = executor.schedule(this::run, delayNanos, TimeUnit.NANOSECONDS);
    }

    private void run() {
        task = null;
        if (!armed) {
            return;
        }
        long left = deadline - executor.ticker().nanoTime();
        if (left > 0) {
            schedule(left);
        } else {
            armed = false;
            onDeadline.run();
        }
    }
}
