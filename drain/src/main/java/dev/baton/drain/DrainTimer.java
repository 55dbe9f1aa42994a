package dev.baton.drain;

import java.time.Duration;

/** Time as a drain sees it: monotonic, and in a test advanced by hand. Safe for use by any thread. */
public interface DrainTimer {

    /** Nanoseconds from an arbitrary origin, as {@link System#nanoTime()}. */
    long nanoTime();

    /** Runs the task once, after the delay, on a thread of the timer; the task is short and does not block. */
    Cancellable schedule(Duration delay, Runnable task);

    /** The clock of the machine, with one daemon thread that exists only while something is scheduled. */
    static DrainTimer system() {
        return SystemTimer.INSTANCE;
    }

    /** Something scheduled. */
    @FunctionalInterface
    interface Cancellable {
        /** Drops the task if it has not begun. */
        void cancel();
    }
}
