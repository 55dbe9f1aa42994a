package dev.baton.benchmarks;

import dev.baton.benchmarks.SwitchLatencies.Restart;
import dev.baton.testkit.TimeWindow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Draws the requests of every 100 ms around the switch, one line for each, one column for each warmth. */
final class ThroughputPlot {
    private static final Duration STEP = Duration.ofMillis(100);
    private static final int STEPS_BEFORE = 25;
    private static final int STEPS_AFTER = 20;
    private static final int WIDTH = 20;

    /** In which the load counts its requests. */
    private static final Duration SLICE = Duration.ofMillis(50);

    private ThroughputPlot() {}

    /**
     * The lines.
     *
     * @param restarts of which a line has the mean; a request counts where it began
     */
    static List<String> of(Map<Warmth, List<Restart>> restarts) {
        List<String> lines = new ArrayList<>();
        lines.add("requests begun in 100 ms, mean of the restarts; the switch is at 0 ms");
        lines.add("%7s".formatted("ms")
                + restarts.keySet().stream()
                        .map(" %%-%ds".formatted(WIDTH + 6)::formatted)
                        .collect(Collectors.joining()));
        double most = restarts.values().stream()
                .mapToDouble(all ->
                        steps().mapToDouble(step -> mean(all, step)).max().orElse(0))
                .max()
                .orElse(0);
        steps().forEach(step -> lines.add("%7d".formatted(step * STEP.toMillis())
                + restarts.values().stream()
                        .map(all -> cell(mean(all, step), most))
                        .collect(Collectors.joining())));
        return lines.stream().map(String::stripTrailing).toList();
    }

    private static IntStream steps() {
        return IntStream.range(-STEPS_BEFORE, STEPS_AFTER);
    }

    private static String cell(double requests, double most) {
        int length = most == 0 ? 0 : (int) Math.round(requests / most * WIDTH);
        return (" %5.0f %-" + WIDTH + "s").formatted(requests, "#".repeat(length));
    }

    private static double mean(List<Restart> restarts, int step) {
        return restarts.stream()
                .mapToLong(restart -> requests(restart, step))
                .average()
                .orElse(0);
    }

    /** The step begins with a slice of the load's: so it has two whole ones. */
    private static long requests(Restart restart, int step) {
        long start = restart.report().window().fromNanos();
        long slices = (restart.switched() - start) / SLICE.toNanos();
        long from = start + slices * SLICE.toNanos() + step * STEP.toNanos();
        return restart.report()
                .latencies(new TimeWindow(from, from + STEP.toNanos()))
                .count();
    }
}
