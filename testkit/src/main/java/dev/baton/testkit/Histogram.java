package dev.baton.testkit;

import java.time.Duration;

/**
 * Counts of durations in logarithmic buckets, exact to 1/32 of the value (and to a microsecond below 32 microseconds),
 * in about 3 KB. The largest one is kept exactly. Confined to one thread.
 */
public final class Histogram {
    private static final int PRECISION_BITS = 5;
    private static final int SUB_BUCKETS = 1 << PRECISION_BITS;
    /** Values from here (2^36 microseconds, 19 hours) share the last bucket. */
    private static final long MAX_MICROS = (1L << 36) - 1;

    private final int[] counts = new int[(36 - PRECISION_BITS + 1) * SUB_BUCKETS];
    private long count;
    private long maxNanos;

    /** Counts one duration, in nanoseconds. */
    public void record(long nanos) {
        counts[index(nanos / 1_000)]++;
        count++;
        maxNanos = Math.max(maxNanos, nanos);
    }

    /** Adds the counts of another histogram to this one. */
    public void add(Histogram other) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
        count += other.count;
        maxNanos = Math.max(maxNanos, other.maxNanos);
    }

    /** The number of durations. */
    public long count() {
        return count;
    }

    /** The largest duration; zero if there is none. */
    public Duration max() {
        return Duration.ofNanos(maxNanos);
    }

    /**
     * The duration that this percentage of all does not exceed; zero if there is none.
     *
     * @param percentage above 0, up to 100
     */
    public Duration percentile(double percentage) {
        if (!(percentage > 0 && percentage <= 100)) {
            throw new IllegalArgumentException(percentage + " is not a percentage above 0");
        }
        long rank = (long) Math.ceil(count * percentage / 100);
        long seen = 0;
        for (int i = 0; i < counts.length && rank > 0; i++) {
            seen += counts[i];
            if (seen >= rank) {
                return Duration.ofNanos(Math.min(upperMicros(i) * 1_000, maxNanos));
            }
        }
        return Duration.ZERO;
    }

    /** Values below 32 have a bucket each; each octave above has 32. */
    private static int index(long micros) {
        long value = Math.clamp(micros, 0, MAX_MICROS);
        if (value < SUB_BUCKETS) {
            return (int) value;
        }
        int octave = 63 - Long.numberOfLeadingZeros(value) - PRECISION_BITS;
        return octave * SUB_BUCKETS + (int) (value >>> octave);
    }

    /** The end of a bucket: the first value of the next. */
    private static long upperMicros(int index) {
        if (index < SUB_BUCKETS) {
            return index + 1L;
        }
        int octave = index / SUB_BUCKETS - 1;
        return (index - (long) octave * SUB_BUCKETS + 1) << octave;
    }
}
