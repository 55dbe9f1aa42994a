package dev.baton.system;

import static dev.baton.system.UnmodifiedProgram.program;
import static dev.baton.system.UnmodifiedServer.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.RestartResult;
import dev.baton.RestartResult.Cause;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.RunningLoad;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs that listen some time before they can serve, and answer 503 until then: no client sees one. */
class AgentReadyTest {
    @TempDir
    private Path directory;

    /** A URL of the program itself: the port is known to the test before it starts the program. */
    private UnmodifiedServer startWithHealth(String... options) throws Exception {
        int port = UnmodifiedServer.freePort();
        UnmodifiedProgram program = program("ReadyProgram", "health");
        String[] all = Stream.concat(
                        Stream.of("ready=health:http://localhost:" + port + "/health?deep", "undo-window=0"),
                        Stream.of(options))
                .toArray(String[]::new);
        UnmodifiedServer service = UnmodifiedServer.startAt(
                port, directory, UnmodifiedServer.program(directory, program, all), program.arguments());
        // The first generation is asked as well, at its own address.
        service.child().awaitLine("well, says localhost:" + port, SOON);
        return service;
    }

    private static RunningLoad load(UnmodifiedServer service) throws Exception {
        return service.load().mode(LoadMode.newConnections()).connections(8).start();
    }

    private static void assertNoneFailed(LoadReport report, int generations) {
        assertThat(report.failed()).as("%s", report.failureSamples()).isZero();
        assertThat(report.generations()).as("every generation answered").hasSize(generations);
    }

    @Test
    void aSuccessorServesWhenItAnswersItsHealthUrlAndTheQuestionIsItsOwn() throws Exception {
        try (UnmodifiedServer service = startWithHealth();
                RunningLoad load = load(service)) {
            for (int i = 0; i < 2; i++) {
                load.awaitAnswers(100, SOON);
                service.restart();
                service.awaitOthersGone();
            }
            load.awaitAnswers(100, SOON);
            assertNoneFailed(load.stop(), 3);
        }
    }

    @Test
    void aSuccessorThatIsNeverWellFailsAndTheParentServesOn() throws Exception {
        try (UnmodifiedServer service = startWithHealth("ready-timeout=5s");
                RunningLoad load = load(service)) {
            load.awaitAnswers(100, SOON);
            Files.createFile(directory.resolve("unwell"));
            assertThat(service.control().restart(_ -> {}))
                    .isInstanceOfSatisfying(
                            RestartResult.Failed.class,
                            failed -> assertThat(failed.cause()).isEqualTo(Cause.READY_TIMEOUT));
            service.awaitOthersGone();
            load.awaitAnswers(100, SOON);
            assertNoneFailed(load.stop(), 1);
        }
    }

    @Test
    void aProgramThatSaysItselfWhenItCanServeIsNotHeardBefore() throws Exception {
        try (UnmodifiedServer service =
                UnmodifiedServer.start(directory, program("ReadyProgram", "says"), "ready=explicit", "undo-window=0")) {
            service.child().awaitLine("warm", SOON);
            try (RunningLoad load = load(service)) {
                load.awaitAnswers(100, SOON);
                service.restart();
                load.awaitAnswers(100, SOON);
                assertNoneFailed(load.stop(), 2);
            }
        }
    }
}
