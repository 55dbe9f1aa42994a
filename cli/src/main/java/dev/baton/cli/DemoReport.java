package dev.baton.cli;

import dev.baton.testkit.FailureKind;
import dev.baton.testkit.LatencySummary;
import dev.baton.testkit.LoadReport;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.function.ToLongFunction;

/** Prints what a demo has seen, for people. */
final class DemoReport {
    private final DemoResult result;
    private final Terminal terminal;

    DemoReport(DemoResult result, Terminal terminal) {
        this.result = result;
        this.terminal = terminal;
    }

    void print(PrintWriter out) {
        section(
                out,
                "Restarts: from the signal until the new process was ready, until the switch, until the old one"
                        + " was gone",
                restarts());
        section(
                out,
                "Response times in ms, of new and of kept connections, in the second around each switch;"
                        + " gap: longest time without an answer",
                latencies());
        section(out, "What the clients saw", counts());
        failures(out, "a new connection for each request", result.fresh());
        failures(out, "kept connections", result.kept());
        out.println();
        out.println(verdict());
        out.flush();
    }

    private void section(PrintWriter out, String heading, TextTable table) {
        out.println();
        out.println(terminal.heading(heading));
        table.lines().forEach(line -> out.println("  " + line));
    }

    private TextTable restarts() {
        TextTable table = new TextTable().row("restart", "ready", "switch", "old gone");
        for (RestartTimes times : result.restarts()) {
            table.row(
                    name(times),
                    times.toReady().toMillis() + " ms",
                    times.toSwitch().toMillis() + " ms",
                    times.toExit().toMillis() + " ms");
        }
        return table;
    }

    private TextTable latencies() {
        TextTable table =
                new TextTable().row("restart", "new: p50", "p99", "max", "gap", "kept: p50", "p99", "max", "gap");
        for (RestartTimes times : result.restarts()) {
            latencyRow(
                    table,
                    name(times),
                    result.fresh().latencies(times.window()),
                    result.kept().latencies(times.window()));
        }
        latencyRow(table, "steady", result.steady(result.fresh()), result.steady(result.kept()));
        return table;
    }

    private static void latencyRow(TextTable table, String name, LatencySummary fresh, LatencySummary kept) {
        table.row(
                name,
                millis(fresh.p50()),
                millis(fresh.p99()),
                millis(fresh.max()),
                millis(fresh.longestGap()),
                millis(kept.p50()),
                millis(kept.p99()),
                millis(kept.max()),
                millis(kept.longestGap()));
    }

    private TextTable counts() {
        TextTable table = new TextTable().row("", "new connections", "kept connections");
        countRow(table, "requests", LoadReport::requests);
        countRow(table, "failed", LoadReport::failed);
        for (FailureKind kind : FailureKind.values()) {
            countRow(table, "  " + kind.label(), report -> report.failures(kind));
        }
        table.row("closed by the server, as announced", "", number(result.kept().announcedCloses()));
        table.row(
                "closed by the server, without a word", "", number(result.kept().unannouncedCloses()));
        return table;
    }

    private void countRow(TextTable table, String name, ToLongFunction<LoadReport> count) {
        table.row(name, number(count.applyAsLong(result.fresh())), number(count.applyAsLong(result.kept())));
    }

    private void failures(PrintWriter out, String clients, LoadReport report) {
        report.failureSamples().stream().limit(5).forEach(failure -> {
            double seconds = (failure.atNanos() - report.window().fromNanos()) / 1e9;
            out.println(terminal.bad(String.format(Locale.ROOT, "  at %.3f s, %s: %s", seconds, clients, failure)));
        });
    }

    private String verdict() {
        String numbers = "%d of %d restarts, %s requests, %s failed"
                .formatted(
                        result.restarts().size(),
                        result.options().restarts(),
                        number(result.requests()),
                        number(result.failed()));
        String fault = result.fault().map(text -> "; " + text).orElse("");
        return result.passed() ? terminal.good(numbers) : terminal.bad(numbers + fault);
    }

    private static String name(RestartTimes times) {
        return (times.generation() - 1) + " -> " + times.generation();
    }

    private static String millis(Duration duration) {
        return String.format(Locale.ROOT, "%.1f", duration.toNanos() / 1e6);
    }

    private static String number(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }
}
