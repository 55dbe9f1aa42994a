package dev.baton.system;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Instants of a trial: what a client does at a given time, not what it waits for. */
final class Pace {
    private Pace() {}

    /** Returns this long after an instant of {@link System#nanoTime()}; at once if that has passed. */
    static void until(long instant, Duration after) throws InterruptedException {
        long deadline = instant + after.toNanos();
        long left;
        while ((left = deadline - System.nanoTime()) > 0) {
            LockSupport.parkNanos(left);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }
}
