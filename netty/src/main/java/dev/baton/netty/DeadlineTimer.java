package dev.baton.netty;

import io.netty.channel.EventLoop;
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
public final class DeadlineTimer {
    private final EventLoop loop;
    private final Runnable onDeadline;
    private boolean armed;
    private long deadline;
    private @Nullable Future<?> task;
    private long taskTime;

    /** A timer without a deadline; {@code onDeadline} is called in the event loop. */
    public DeadlineTimer(EventLoop loop, Runnable onDeadline) {
        this.loop = loop;
        this.onDeadline = onDeadline;
    }

    /** Sets the deadline, in the place of any other; a zero time means none. */
    public void set(Duration timeout) {
        if (timeout.isZero()) {
            lift();
            return;
        }
        armed = true;
        deadline = loop.ticker().nanoTime() + timeout.toNanos();
        if (task == null) {
            schedule(timeout.toNanos());
        } else if (taskTime - deadline > 0) {
            task.cancel(false);
            schedule(timeout.toNanos());
        }
    }

    /** Takes the deadline away. */
    public void lift() {
        armed = false;
    }

    /** Ends the task too; the timer can be used again. */
    public void cancel() {
        armed = false;
        if (task != null) {
            task.cancel(false);
            task = null;
        }
    }

    private void schedule(long delayNanos) {
        taskTime = deadline;
        task = loop.schedule(this::run, delayNanos, TimeUnit.NANOSECONDS);
    }

    private void run() {
        task = null;
        if (!armed) {
            return;
        }
        long left = deadline - loop.ticker().nanoTime();
        if (left > 0) {
            schedule(left);
        } else {
            armed = false;
            onDeadline.run();
        }
    }
}
