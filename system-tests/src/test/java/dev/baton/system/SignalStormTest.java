package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Load;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.RunningLoad;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SIGHUP may come at any time, as often as it likes. For 30 s each; in full trials for 60 s. */
class SignalStormTest {
    private static final Duration STORM = Duration.ofSeconds(Math.max(30, Trials.of(60)));

    /** As it is by default. */
    private static final List<String> UNDOABLE = List.of("BATON_UNDO_WINDOW", "10s");

    @TempDir
    private Path directory;

    @Test
    void aSignalEveryQuarterOfASecondLosesNothing() throws Exception {
        try (RunningService service = RunningService.startCheaply(directory, UNDOABLE, "127.0.0.1:0")) {
            storm(service, Duration.ofMillis(250));
        }
    }

    @Test
    void aSignalEveryTenMillisecondsToThePublishedProcessKillsNone() throws Exception {
        try (RunningService service = RunningService.startCheaply(directory, UNDOABLE, "127.0.0.1:0")) {
            storm(service, Duration.ofMillis(10));
        }
    }

    private static void storm(RunningService service, Duration period) throws Exception {
        Kill.prepare();
        try (RunningLoad load = Load.of(service.address(), RunningService.request("/hello"))
                .mode(LoadMode.newConnections(Duration.ofMillis(95)))
                .connections(20)
                .start()) {
            load.awaitAnswers(20, SOON);
            long begun = System.nanoTime();
            int signals = 0;
            for (int i = 0; System.nanoTime() - begun < STORM.toNanos(); i++) {
                Pace.until(begun, period.multipliedBy(i));
                signals += Kill.send(service.publishedPid(), Kill.SIGHUP) ? 1 : 0;
            }
            load.awaitAnswers(20, SOON);
            LoadReport report = load.stop();
            long restarts = service.child().lines().stream()
                    .filter(line -> line.text().contains("switched to generation"))
                    .count();
            System.out.println("SIGHUP every " + period.toMillis() + " ms: " + signals + " signals, " + restarts
                    + " restarts; " + report);
            assertThat(report.failed()).as("%s", report).isZero();
            assertThat(restarts).isGreaterThan(3);
            // A process that a signal has killed is a successor that fails, or a service that is gone.
            assertThat(service.child().lines())
                    .noneMatch(line -> line.text().contains("restart failed")
                            || line.text().contains("signal 1 "));
            assertThat(Kill.send(service.publishedPid(), 0)).isTrue();
        }
    }
}
