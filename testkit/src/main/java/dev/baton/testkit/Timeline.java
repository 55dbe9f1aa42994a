package dev.baton.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Latencies and gaps in slices of time, so that windows can be cut out of them afterwards.
 *
 * <p>A latency belongs to the slice in which its request began: a request that a restart held up counts for the restart,
 * however late its answer came. Confined to one thread at a time.
 */
final class Timeline {
    static final long SLICE_NANOS = 50_000_000;

    private final long startNanos;
    private final List<Slice> slices = new ArrayList<>();
    private long lastAnswerNanos;

    private static final class Slice {
        final Histogram latencies = new Histogram();
        long longestGap;
    }

    Timeline(long startNanos) {
        this.startNanos = startNanos;
        this.lastAnswerNanos = startNanos;
    }

    void answered(long beganNanos, long nowNanos) {
        slice(beganNanos).latencies.record(nowNanos - beganNanos);
        gapEnds(nowNanos);
    }

    /** The time since the last answer ends here; called at each answer and once at the end of the load. */
    void gapEnds(long nowNanos) {
        long gap = nowNanos - lastAnswerNanos;
        for (int i = indexOf(lastAnswerNanos); i <= indexOf(nowNanos); i++) {
            Slice slice = slice(startNanos + i * SLICE_NANOS);
            slice.longestGap = Math.max(slice.longestGap, gap);
        }
        lastAnswerNanos = nowNanos;
    }

    /** Sums up the slices whose window is accepted. */
    LatencySummary summary(Predicate<TimeWindow> accepted) {
        Histogram sum = new Histogram();
        long gap = 0;
        for (int i = 0; i < slices.size(); i++) {
            long from = startNanos + i * SLICE_NANOS;
            if (accepted.test(new TimeWindow(from, from + SLICE_NANOS))) {
                sum.add(slices.get(i).latencies);
                gap = Math.max(gap, slices.get(i).longestGap);
            }
        }
        return LatencySummary.of(sum, gap);
    }

    private int indexOf(long nanos) {
        return (int) ((nanos - startNanos) / SLICE_NANOS);
    }

    private Slice slice(long nanos) {
        int index = indexOf(nanos);
        while (slices.size() <= index) {
            slices.add(new Slice());
        }
        return slices.get(index);
    }
}
