package dev.baton.cli;

import dev.baton.testkit.LatencySummary;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.TimeWindow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a demo has seen.
 *
 * @param options what was asked for
 * @param restarts the restarts that succeeded
 * @param fault why the demo ended before all restarts were done, or what was wrong with them
 * @param fresh what the clients saw that open a connection for each request
 * @param kept what the clients saw that keep their connection
 */
record DemoResult(
        DemoOptions options, List<RestartTimes> restarts, Optional<String> fault, LoadReport fresh, LoadReport kept) {
    /** A JVM that has just started is slower than it will be: this much of the load belongs to no figure. */
    static final Duration WARM_UP = Duration.ofSeconds(2);

    long requests() {
        return fresh.requests() + kept.requests();
    }

    long failed() {
        return fresh.failed() + kept.failed();
    }

    boolean passed() {
        return failed() == 0 && fault.isEmpty();
    }

    /** The latencies outside the first seconds and the second around each restart. */
    LatencySummary steady(LoadReport report) {
        List<TimeWindow> excluded = new ArrayList<>();
        long start = report.window().fromNanos();
        excluded.add(new TimeWindow(start, start + WARM_UP.toNanos()));
        restarts.forEach(restart -> excluded.add(restart.window()));
        return report.latenciesOutside(excluded);
    }
}
