package dev.baton.benchmarks;

import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.LatencySummary;
import dev.baton.testkit.Load;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.Request;
import dev.baton.testkit.RunningLoad;
import dev.baton.testkit.TimeWindow;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * What the clients of connections that are kept see of a restart: the requests of the two seconds after the switch against
 * those of as long a time before the signal, when the old generation is warm.
 *
 * <p>The clients think between requests, so that the service uses a part of the machine, as services do, and a stall is not
 * hidden by the queue. A round starts the service anew in each {@link Warmth}, in an order that is reversed from round to
 * round.
 */
final class SwitchLatencies {
    static final Duration WINDOW = Duration.ofSeconds(2);

    /** By then the code that serves is compiled. */
    private static final Duration WARMING = Duration.ofSeconds(8);

    /** A window is widened to 50 ms; what comes after it must not be in it. */
    private static final Duration MARGIN = Duration.ofMillis(100);

    private static final Duration UNDO_WINDOW = Duration.ofSeconds(10);

    private static final int CONNECTIONS = 200;
    private static final Duration LEAST_THINK_TIME = Duration.ofMillis(20);
    private static final Duration MOST_THINK_TIME = Duration.ofMillis(60);

    private final Map<Warmth, List<Restart>> restarts = new EnumMap<>(Warmth.class);

    /** One restart under load; the instants are of {@link System#nanoTime()}. */
    record Restart(LoadReport report, long signalled, long switched) {
        LatencySummary before() {
            long end = signalled - MARGIN.toNanos();
            return report.latencies(new TimeWindow(end - WINDOW.toNanos(), end));
        }

        LatencySummary starting() {
            return report.latencies(new TimeWindow(signalled, Math.max(signalled, switched - MARGIN.toNanos())));
        }

        LatencySummary after() {
            return report.latencies(new TimeWindow(switched, switched + WINDOW.toNanos()));
        }
    }

    /** Starts the load. */
    static RunningLoad start(MigrationService service, Duration duration) {
        return Load.of(service.address(), Request.get("/", ExpectedBody.bytes(Greeting.bytes())))
                .mode(LoadMode.persistent(LEAST_THINK_TIME, MOST_THINK_TIME))
                .connections(CONNECTIONS)
                .duration(duration)
                .start();
    }

    List<String> run(int count, Path directory, Children children, Progress progress)
            throws IOException, InterruptedException {
        List<String> aot = AotCache.record(directory, children, progress);
        List<Warmth> order = new ArrayList<>(List.of(Warmth.values()));
        for (int round = 1; round <= count; round++) {
            for (Warmth warmth : order) {
                progress.say("restart under load, %s, round %d of %d".formatted(warmth, round, count));
                restarts.computeIfAbsent(warmth, _ -> new ArrayList<>())
                        .add(restart(warmth, warmth.jvmOptions(aot), directory, children));
            }
            order = order.reversed();
        }
        List<String> lines = new ArrayList<>();
        lines.add("%d connections, each thinking for %d to %d ms, %d restarts of each"
                .formatted(CONNECTIONS, LEAST_THINK_TIME.toMillis(), MOST_THINK_TIME.toMillis(), count));
        lines.addAll(ratios());
        lines.addAll(latencies());
        lines.addAll(ThroughputPlot.of(restarts));
        return lines;
    }

    /** @throws IOException if a request failed: there is nothing to compare then */
    private Restart restart(Warmth warmth, List<String> jvmOptions, Path directory, Children children)
            throws IOException, InterruptedException {
        try (MigrationService service = MigrationService.start(
                        Integer.MAX_VALUE, warmth, UNDO_WINDOW, jvmOptions, directory, children);
                RunningLoad load = start(service, Duration.ofMinutes(5))) {
            TimeUnit.NANOSECONDS.sleep(WARMING.plus(WINDOW).toNanos());
            long signalled = System.nanoTime();
            service.hangUp();
            long switched = service.awaitServing();
            TimeUnit.NANOSECONDS.sleep(WINDOW.plus(MARGIN).toNanos());
            LoadReport report = load.stop();
            if (report.failed() > 0) {
                throw new IOException("requests failed in a restart: " + report);
            }
            return new Restart(report, signalled, switched);
        }
    }

    private List<String> ratios() {
        List<String> lines = new ArrayList<>(List.of(Ratio.header()));
        restarts.forEach((warmth, all) -> {
            lines.add(ratio(
                    warmth + ": p99 after / before",
                    warmth.goalOfP99(),
                    all,
                    restart -> (double) restart.after().p99().toNanos()
                            / restart.before().p99().toNanos()));
            lines.add(ratio(
                    warmth + ": maximum after / before",
                    warmth.goalOfMaximum(),
                    all,
                    restart -> (double) restart.after().max().toNanos()
                            / restart.before().max().toNanos()));
            lines.add(ratio(
                    warmth + ": signal to switch, milliseconds",
                    "",
                    all,
                    restart -> (restart.switched - restart.signalled) / 1e6));
            lines.add(ratio(warmth + ": connections opened", "", all, restart -> restart.report.connectionsOpened()));
        });
        return lines;
    }

    /** The medians of each figure. */
    private List<String> latencies() {
        List<String> lines = new ArrayList<>(List.of(
                "%-56s %6s %8s %8s %8s".formatted("requests, milliseconds (medians)", "p50", "p99", "max", "gap")));
        restarts.forEach((warmth, all) -> {
            lines.add(line(warmth + ": 2 s before the signal", all, Restart::before));
            lines.add(line(warmth + ": signal to switch", all, Restart::starting));
            lines.add(line(warmth + ": 2 s after the switch", all, Restart::after));
        });
        return lines;
    }

    private static String line(String title, List<Restart> all, Function<Restart, LatencySummary> window) {
        ToDoubleFunction<Function<LatencySummary, Duration>> median = figure -> new Ratio(
                        title,
                        "",
                        all.stream()
                                .map(restart ->
                                        figure.apply(window.apply(restart)).toNanos() / 1e6)
                                .toList())
                .median();
        return "%-56s %6.2f %8.2f %8.2f %8.2f"
                .formatted(
                        title,
                        median.applyAsDouble(LatencySummary::p50),
                        median.applyAsDouble(LatencySummary::p99),
                        median.applyAsDouble(LatencySummary::max),
                        median.applyAsDouble(LatencySummary::longestGap));
    }

    private static String ratio(String title, String goal, List<Restart> all, ToDoubleFunction<Restart> figure) {
        return new Ratio(title, goal, all.stream().mapToDouble(figure).boxed().toList()).toString();
    }
}
