package dev.baton.testkit;

import java.time.Duration;

/**
 * Latencies in five figures. The percentiles are exact to 1/32, the largest one is exact.
 *
 * @param count how many answers there were
 * @param p50 half of them took at most this long
 * @param p99 99 of 100 took at most this long
 * @param max the longest took this long
 * @param longestGap the longest time within which no answer came at all, on any connection
 */
public record LatencySummary(long count, Duration p50, Duration p99, Duration max, Duration longestGap) {
    static LatencySummary of(Histogram histogram, long longestGapNanos) {
        return new LatencySummary(
                histogram.count(),
                histogram.percentile(50),
                histogram.percentile(99),
                histogram.max(),
                Duration.ofNanos(longestGapNanos));
    }
}
