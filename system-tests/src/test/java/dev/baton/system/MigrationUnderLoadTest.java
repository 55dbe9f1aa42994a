package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Load;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.Request;
import dev.baton.testkit.RunningLoad;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Guarantee 5 under load: restart after restart, a client keeps its connection, and each of its requests is answered on it,
 * once and with the answer that belongs to it. Ten restarts in 30 s with {@code -Dbaton.trials=full}, otherwise three.
 */
class MigrationUnderLoadTest {
    private static final Duration PERIOD = Duration.ofSeconds(3);
    private static final int READING = 190;
    private static final int POSTING = 10;

    /** More than are needed on a fast machine; those who post end when they have posted all. */
    private static final int POSTS = 200_000;

    @TempDir
    private Path directory;

    @ParameterizedTest(name = "200 connections, thinking {0} ms")
    @ValueSource(ints = {0, 1, 5})
    void noConnectionEndsInTenRestarts(int thinkMillis) throws Exception {
        int restarts = Trials.of(10);
        LoadMode mode = LoadMode.persistent(Duration.ofMillis(thinkMillis));
        Path log = directory.resolve("log");
        try (RunningService service = RunningService.start(directory, List.of());
                RunningLoad reading = Load.of(service.address(), distinct(1_000))
                        .mode(mode)
                        .connections(READING)
                        .start();
                RunningLoad posting = Load.of(service.address(), PostedLines.to(log, POSTS))
                        .mode(mode)
                        .connections(POSTING)
                        .requests(POSTS)
                        .start()) {
            reading.awaitAnswers(READING, SOON);
            restart(service, restarts);
            reading.awaitAnswers(READING, SOON);
            LoadReport read = reading.stop();
            LoadReport posted = posting.stop();
            System.out.println("200 connections, thinking " + thinkMillis + " ms, " + restarts
                    + " restarts\n  reading: " + read + "\n  posting: " + posted + "\n  " + drains(service));
            assertKept(read, READING, restarts);
            assertKept(posted, POSTING, 0);
            PostedLines.assertEachOnce(log, (int) posted.requests());
        }
    }

    @Test
    void noConnectionToAUnixSocketEndsInThreeRestarts() throws Exception {
        int restarts = 3;
        try (RunningService service = RunningService.startWithAllTransports(directory, List.of());
                RunningLoad load = Load.of(Transport.UNIX.address(service), distinct(100))
                        .mode(LoadMode.persistent(Duration.ZERO, Duration.ofMillis(5)))
                        .connections(40)
                        .start()) {
            for (int next = 2; next <= 1 + restarts; next++) {
                load.awaitAnswers(1_000, SOON);
                service.restart(next);
            }
            load.awaitAnswers(1_000, SOON);
            LoadReport report = load.stop();
            System.out.println("40 connections to a Unix socket, " + restarts + " restarts: " + report);
            assertKept(report, 40, restarts);
        }
    }

    /** Each answer has a body of its own: one that came out of order, or to another client, would be a failure. */
    private static List<Request> distinct(int count) {
        return IntStream.range(0, count)
                .mapToObj(number -> RunningService.request("/hello/" + number))
                .toList();
    }

    private static void restart(RunningService service, int restarts) throws Exception {
        long begun = System.nanoTime();
        for (int next = 2; next <= 1 + restarts; next++) {
            Pace.until(begun, PERIOD.multipliedBy(next - 1));
            service.restart(next);
        }
    }

    private static void assertKept(LoadReport report, int connections, int restarts) {
        assertThat(report.failed()).as("%s", report).isZero();
        assertThat(report.announcedCloses()).as("%s", report).isZero();
        assertThat(report.unannouncedCloses()).as("%s", report).isZero();
        assertThat(report.connectionsOpened()).as("%s", report).isEqualTo(connections);
        assertThat(report.generations().keySet())
                .as("every generation answered")
                .containsAll(IntStream.rangeClosed(1, 1 + restarts).boxed().toList());
    }

    /** What each old process says of the time that it took to get rid of its connections. */
    private static List<String> drains(RunningService service) {
        return service.child().lines().stream()
                .map(OutputLine::text)
                .filter(line -> line.contains(" drained in "))
                .map(line -> line.replaceAll(".*generation (\\d+) drained in (\\S+ ms).*", "$1 drained in $2"))
                .toList();
    }
}
