package dev.baton.cli;

import dev.baton.testkit.FailureKind;
import dev.baton.testkit.LatencySummary;
import dev.baton.testkit.LoadReport;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes what a demo has seen, for machines. All times are in milliseconds, as their names say. */
final class DemoJson {
    private DemoJson() {}

    static String write(DemoResult result) {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("passed", result.passed());
        result.fault().ifPresent(fault -> root.put("fault", fault));
        root.put("restartsWanted", result.options().restarts());
        root.put("connectionsOfEachKind", result.options().connections());
        root.put("requests", result.requests());
        root.put("failed", result.failed());
        root.put(
                "restarts",
                result.restarts().stream().map(times -> restart(result, times)).toList());
        root.put("newConnections", clients(result, result.fresh()));
        root.put("keptConnections", clients(result, result.kept()));
        return Json.write(root);
    }

    private static Map<String, Object> restart(DemoResult result, RestartTimes times) {
        Map<String, Object> restart = new LinkedHashMap<>();
        restart.put("generation", times.generation());
        restart.put("signalToReadyMillis", millis(times.toReady()));
        restart.put("signalToSwitchMillis", millis(times.toSwitch()));
        restart.put("signalToOldExitMillis", millis(times.toExit()));
        restart.put("newConnections", latencies(result.fresh().latencies(times.window())));
        restart.put("keptConnections", latencies(result.kept().latencies(times.window())));
        return restart;
    }

    private static Map<String, Object> clients(DemoResult result, LoadReport report) {
        Map<String, Object> failures = new LinkedHashMap<>();
        for (FailureKind kind : FailureKind.values()) {
            failures.put(kind.label(), report.failures(kind));
        }
        Map<String, Object> generations = new LinkedHashMap<>();
        report.generations().forEach((number, span) -> generations.put(String.valueOf(number), span.answers()));
        Map<String, Object> clients = new LinkedHashMap<>();
        clients.put("requests", report.requests());
        clients.put("answered", report.answered());
        clients.put("failed", report.failed());
        clients.put("failures", failures);
        clients.put(
                "failureSamples",
                List.copyOf(report.failureSamples().stream()
                        .limit(10)
                        .map(Object::toString)
                        .toList()));
        clients.put("connectionsOpened", report.connectionsOpened());
        clients.put("closedAsAnnounced", report.announcedCloses());
        clients.put("closedWithoutAWord", report.unannouncedCloses());
        clients.put("answersByGeneration", generations);
        clients.put("whole", latencies(report.latencies()));
        clients.put("steady", latencies(result.steady(report)));
        return clients;
    }

    private static Map<String, Object> latencies(LatencySummary summary) {
        Map<String, Object> latencies = new LinkedHashMap<>();
        latencies.put("answers", summary.count());
        latencies.put("p50Millis", millis(summary.p50()));
        latencies.put("p99Millis", millis(summary.p99()));
        latencies.put("maxMillis", millis(summary.max()));
        latencies.put("longestGapMillis", millis(summary.longestGap()));
        return latencies;
    }

    private static double millis(Duration duration) {
        return Math.round(duration.toNanos() / 1e3) / 1e3;
    }
}
