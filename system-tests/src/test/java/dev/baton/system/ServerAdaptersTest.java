package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.RestartResult;
import dev.baton.UndoResult;
import dev.baton.testkit.Answer;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.Request;
import dev.baton.testkit.RunningLoad;
import dev.baton.testkit.StrictConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The guarantees for servers that are not Baton's own: nothing is refused and nothing is lost. */
class ServerAdaptersTest {
    private static final int RESTARTS = 5;
    private static final LoadMode THINKING = LoadMode.persistent(Duration.ofMillis(5));

    @TempDir
    private Path directory;

    enum Server {
        TOMCAT(TomcatService.class),
        JETTY(JettyService.class);

        private final Class<?> program;

        Server(Class<?> program) {
            this.program = program;
        }

        RunningService start(Path directory, String... options) throws Exception {
            return RunningService.start(program, directory, List.of(options));
        }
    }

    @ParameterizedTest
    @EnumSource
    void fiveRestartsLoseNothingOnFreshConnections(Server server) throws Exception {
        fiveRestartsLoseNothing(server, 32, LoadMode.newConnections());
    }

    @ParameterizedTest
    @EnumSource
    void fiveRestartsLoseNothingOnPersistentConnections(Server server) throws Exception {
        fiveRestartsLoseNothing(server, 64, THINKING);
    }

    private void fiveRestartsLoseNothing(Server server, int connections, LoadMode mode) throws Exception {
        try (RunningService service = server.start(directory);
                RunningLoad load =
                        service.load().mode(mode).connections(connections).start()) {
            for (int next = 2; next <= 1 + RESTARTS; next++) {
                load.awaitAnswers(500, SOON);
                service.restart(next);
            }
            load.awaitAnswers(500, SOON);
            LoadReport report = load.stop();
            System.out.println(server + ", " + mode + ": " + report);
            assertThat(report.failed()).as("%s", report).isZero();
            assertThat(report.unannouncedCloses()).as("%s", report).isZero();
            assertThat(report.generations()).as("every generation answered").containsOnlyKeys(1, 2, 3, 4, 5, 6);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRequestOfThreeSecondsIsAnsweredByWhoeverHasBegunIt(Server server) throws Exception {
        Path gate = directory.resolve("gate");
        Request slow = RunningService.request("/slow?" + gate);
        try (RunningService service = server.start(directory);
                StrictConnection client = StrictConnection.open(service.address())) {
            client.send(slow);
            service.child().awaitLine("1 handles /slow", SOON);
            long begun = System.nanoTime();
            service.hup();
            service.awaitSwitch(2);
            Pace.until(begun, Duration.ofSeconds(3));
            Files.createFile(gate);
            Answer answer = (Answer) client.receive(slow, SOON);
            assertThat(answer.generation()).hasValue(1);
            assertThat(answer.announcesClose()).isTrue();
            service.awaitEnd(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSuccessorThatFailsCostsNothing(Server server) throws Exception {
        try (RunningService service = server.start(directory);
                RunningLoad fresh = service.load()
                        .mode(LoadMode.newConnections())
                        .connections(8)
                        .start();
                RunningLoad persistent =
                        service.load().mode(THINKING).connections(8).start()) {
            for (String failure : List.of("crash", "exit 0")) {
                service.script(failure);
                int mark = service.child().mark();
                service.hup();
                service.child().awaitLineAfter(mark, "restart failed", line -> line.contains("restart failed"), SOON);
                fresh.awaitAnswers(100, SOON);
                persistent.awaitAnswers(100, SOON);
            }
            assertNothingLost(fresh.stop());
            LoadReport report = persistent.stop();
            assertNothingLost(report);
            assertThat(report.connectionsOpened()).as("%s", report).isEqualTo(8);
        }
    }

    @ParameterizedTest
    @EnumSource
    void anUndoCostsNothing(Server server) throws Exception {
        try (RunningService service = server.start(directory, "BATON_UNDO_WINDOW", "60s");
                RunningLoad fresh = service.load()
                        .mode(LoadMode.newConnections())
                        .connections(8)
                        .start();
                RunningLoad persistent =
                        service.load().mode(THINKING).connections(8).start()) {
            for (int next = 2; next <= 3; next++) {
                fresh.awaitAnswers(100, SOON);
                assertThat(service.control().restart(_ -> {})).isInstanceOf(RestartResult.Switched.class);
                persistent.awaitAnswers(100, SOON);
                assertThat(service.control().undo())
                        .isEqualTo(new UndoResult.Undone(1, service.child().pid()));
                service.awaitEnd(next);
            }
            fresh.awaitAnswers(100, SOON);
            persistent.awaitAnswers(100, SOON);
            assertThat(fresh.progress().generation()).hasValue(1);
            assertNothingLost(fresh.stop());
            assertNothingLost(persistent.stop());
        }
    }

    private static void assertNothingLost(LoadReport report) {
        assertThat(report.failed()).as("%s", report).isZero();
        assertThat(report.unannouncedCloses()).as("%s", report).isZero();
    }
}
