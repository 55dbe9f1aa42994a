package dev.baton.system;

import dev.baton.system.ConnectBurst.Trial;
import dev.baton.testkit.Answer;
import java.util.ArrayList;
import java.util.List;

/**
 * Counts connects by their distance from the switch, over several restarts.
 *
 * <p>A switch is not an instant: from one moment on the successor accepts, and at a later one the parent stops. As the
 * clients see it, it lasts from the first connect that the successor answered to the last one that the parent did, or the
 * other way round if the one came after the other. A connect is near if it was made in that span, or at most 5 ms before
 * or after it.
 */
final class SwitchCensus {
    private final List<Trial> failures = new ArrayList<>();
    private int switches;
    private int total;
    private int before;
    private int during;
    private int after;
    private long longestNanos;

    void add(List<Trial> trials, int successor) {
        long firstNew = trials.stream()
                .filter(trial -> trial.generation() == successor)
                .mapToLong(Trial::atNanos)
                .min()
                .orElseThrow();
        long lastOld = trials.stream()
                .filter(trial -> trial.generation() == successor - 1)
                .mapToLong(Trial::atNanos)
                .max()
                .orElseThrow();
        long from = Math.min(firstNew, lastOld);
        long to = Math.max(firstNew, lastOld);
        switches++;
        longestNanos = Math.max(longestNanos, to - from);
        for (Trial trial : trials) {
            total++;
            if (!(trial.outcome() instanceof Answer answer) || answer.status() != 200) {
                failures.add(trial);
            }
            if (trial.atNanos() < from) {
                before += from - trial.atNanos() <= ConnectBurst.MARGIN_NANOS ? 1 : 0;
            } else if (trial.atNanos() <= to) {
                during++;
            } else {
                after += trial.atNanos() - to <= ConnectBurst.MARGIN_NANOS ? 1 : 0;
            }
        }
    }

    /** Connects within 5 ms of a switch. */
    int near() {
        return before + during + after;
    }

    List<Trial> failures() {
        return failures;
    }

    @Override
    public String toString() {
        return "%,d connects around %d switches, %,d failed: %,d in the 5 ms before, %,d while it lasted (at most %,d us), %,d in the 5 ms after"
                .formatted(total, switches, failures.size(), before, during, longestNanos / 1_000, after);
    }
}
