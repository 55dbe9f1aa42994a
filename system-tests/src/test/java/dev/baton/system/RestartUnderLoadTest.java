package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Load;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.RunningLoad;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Guarantees 1 to 3: no connection is refused, no request is lost, a bad release changes nothing. */
class RestartUnderLoadTest {
    private static final int RESTARTS = 5;
    private static final int POSTS = 8_000;

    @TempDir
    private Path directory;

    static Stream<Arguments> loads() {
        return Stream.of(
                Arguments.of("32 clients that connect for each request", 32, LoadMode.newConnections()),
                Arguments.of("64 persistent connections, back to back", 64, LoadMode.persistent()),
                Arguments.of(
                        "64 persistent connections, thinking 5 ms", 64, LoadMode.persistent(Duration.ofMillis(5))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("loads")
    void fiveRestartsLoseNothing(String name, int connections, LoadMode mode) throws Exception {
        try (RunningService service = RunningService.start(directory, List.of());
                RunningLoad load =
                        service.load().mode(mode).connections(connections).start()) {
            for (int next = 2; next <= 1 + RESTARTS; next++) {
                load.awaitAnswers(500, SOON);
                service.restart(next);
            }
            load.awaitAnswers(500, SOON);
            LoadReport report = load.stop();
            System.out.println(name + ": " + report);
            assertThat(report.failed()).as("%s", report).isZero();
            assertThat(report.generations()).as("every generation answered").containsOnlyKeys(1, 2, 3, 4, 5, 6);
        }
    }

    @Test
    void requestsThatAreExecutedAreExecutedOnce() throws Exception {
        Path log = directory.resolve("log");
        try (RunningService service = RunningService.start(directory, List.of())) {
            try (RunningLoad load = Load.of(service.address(), PostedLines.to(log, POSTS))
                    .mode(LoadMode.persistent(Duration.ofMillis(5)))
                    .connections(8)
                    .requests(POSTS)
                    .start()) {
                for (int next = 2; next <= 3; next++) {
                    load.awaitAnswers(300, SOON);
                    service.restart(next);
                }
                LoadReport report = load.join();
                assertThat(report.failed()).as("%s", report).isZero();
            }
            PostedLines.assertEachOnce(log, POSTS);
        }
    }

    @Test
    void aSuccessorThatTakesTenSecondsIsInvisible() throws Exception {
        try (RunningService service = RunningService.start(directory, List.of());
                RunningLoad load = service.load()
                        .mode(LoadMode.newConnections(Duration.ofMillis(5)))
                        .connections(8)
                        .start()) {
            Path gate = directory.resolve("gate");
            service.script("when " + gate);
            service.hup();
            service.child().awaitLine("2 waits", SOON);
            long waitsSince = System.nanoTime();
            var _ = load.await(
                    "ten seconds of answers",
                    Duration.ofSeconds(30),
                    _ -> System.nanoTime() - waitsSince > Duration.ofSeconds(10).toNanos());
            assertThat(load.progress().generation()).hasValue(1);
            Files.createFile(gate);
            service.child().awaitLine("2 ready", SOON);
            load.awaitAnswers(100, SOON);

            LoadReport report = load.stop();
            System.out.println("a successor that takes 10 s: " + report);
            assertThat(report.failed()).as("%s", report).isZero();
            assertThat(report.generations().firstEntry().getValue().lastNanos())
                    .as("the old generation answered until the new one was let in")
                    .isGreaterThan(waitsSince + Duration.ofSeconds(10).toNanos());
            assertThat(report.generations().lastEntry().getValue().firstNanos())
                    .isGreaterThan(waitsSince + Duration.ofSeconds(10).toNanos());
        }
    }

    @Test
    void aSuccessorThatFailsLosesNothingAndTheNextRestartWorks() throws Exception {
        try (RunningService service = RunningService.start(directory, List.of("BATON_READY_TIMEOUT", "10s"));
                RunningLoad load = service.load()
                        .mode(LoadMode.newConnections())
                        .connections(16)
                        .start()) {
            for (String failure : List.of("crash", "exit 0", "hang")) {
                service.script(failure);
                int mark = service.child().mark();
                service.hup();
                service.child().awaitLineAfter(mark, "restart failed", line -> line.contains("restart failed"), SOON);
                load.awaitAnswers(100, SOON);
            }
            service.script("serve");
            service.restart(2);
            load.awaitAnswers(100, SOON);
            LoadReport report = load.stop();
            assertThat(report.failed()).as("%s", report).isZero();
            assertThat(report.generations()).containsOnlyKeys(1, 2);
        }
    }
}
