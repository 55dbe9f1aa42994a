package dev.baton.testkit;

import java.time.Duration;

/**
 * A span of monotonic time.
 *
 * @param fromNanos its first instant, as {@link System#nanoTime()}
 * @param toNanos the first instant after it
 */
public record TimeWindow(long fromNanos, long toNanos) {
    /** Checks the order. */
    public TimeWindow {
        if (toNanos - fromNanos < 0) {
            throw new IllegalArgumentException("a window ends before it begins");
        }
    }

    /** The window of this width with {@code instantNanos} in its middle. */
    public static TimeWindow around(long instantNanos, Duration width) {
        long half = width.toNanos() / 2;
        return new TimeWindow(instantNanos - half, instantNanos + half);
    }

    /** Whether the two have an instant in common. */
    public boolean overlaps(TimeWindow other) {
        return fromNanos - other.toNanos < 0 && other.fromNanos - toNanos < 0;
    }
}
