package dev.baton.spring;

import static dev.baton.spring.RunningApplication.SOON;
import static dev.baton.spring.RunningApplication.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.RestartResult;
import dev.baton.UndoResult;
import dev.baton.spring.RunningApplication.Server;
import dev.baton.testkit.Answer;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.Request;
import dev.baton.testkit.RunningLoad;
import dev.baton.testkit.StrictConnection;
import dev.baton.testkit.TestCertificate;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The guarantees for a Spring Boot application, with real processes and clients that never retry. */
@Timeout(600)
class RestartedApplicationTest {
    private static final LoadMode THINKING = LoadMode.persistent(Duration.ofMillis(5));

    @TempDir
    private Path directory;

    @ParameterizedTest
    @EnumSource
    void restartsLoseNothing(Server server) throws Exception {
        try (RunningApplication application = RunningApplication.start(server, directory);
                RunningLoad fresh = application.load().connections(2).start();
                RunningLoad persistent =
                        application.load().mode(THINKING).connections(16).start()) {
            for (int next = 2; next <= 4; next++) {
                fresh.awaitAnswers(200, SOON);
                persistent.awaitAnswers(200, SOON);
                application.restart(next);
            }
            fresh.awaitAnswers(200, SOON);
            persistent.awaitAnswers(200, SOON);
            for (RunningLoad load : List.of(fresh, persistent)) {
                LoadReport report = load.stop();
                System.out.println(server + ": " + report);
                assertNothingLost(report);
                assertThat(report.generations()).containsOnlyKeys(1, 2, 3, 4);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void restartsOverTlsLoseNothing(Server server) throws Exception {
        TestCertificate certificate = TestCertificate.create();
        Files.writeString(directory.resolve("cert.pem"), certificate.certificatePem());
        Files.writeString(directory.resolve("key.pem"), certificate.keyPem());
        try (RunningApplication application = RunningApplication.start(
                        server,
                        directory,
                        "server.ssl.certificate=cert.pem",
                        "server.ssl.certificate-private-key=key.pem");
                RunningLoad fresh = application
                        .load()
                        .tls(certificate.clientContext())
                        .connections(1)
                        .start();
                RunningLoad persistent = application
                        .load()
                        .tls(certificate.clientContext())
                        .mode(THINKING)
                        .connections(8)
                        .start()) {
            fresh.awaitAnswers(50, SOON);
            persistent.awaitAnswers(200, SOON);
            application.restart(2);
            fresh.awaitAnswers(50, SOON);
            persistent.awaitAnswers(200, SOON);
            assertNothingLost(fresh.stop());
            assertNothingLost(persistent.stop());
        }
    }

    @Test
    void aReleaseThatFailsCostsNothingAndTheRestartSaysWhy() throws Exception {
        try (RunningApplication application = RunningApplication.start(Server.TOMCAT, directory);
                RunningLoad load =
                        application.load().mode(THINKING).connections(8).start()) {
            application.script("crash");
            assertThat(application.control().restart(_ -> {}))
                    .isInstanceOfSatisfying(RestartResult.Failed.class, failed -> {
                        assertThat(failed.cause()).isEqualTo(RestartResult.Cause.EXITED);
                        assertThat(failed.detail())
                                .isEqualTo("gave up (IllegalStateException: this release is broken)"
                                        + " and ended with exit status 1");
                    });
            load.awaitAnswers(200, SOON);
            LoadReport report = load.stop();
            assertNothingLost(report);
            assertThat(report.connectionsOpened()).isEqualTo(8);
        }
    }

    @ParameterizedTest
    @EnumSource
    void anUndoCostsNothing(Server server) throws Exception {
        try (RunningApplication application = RunningApplication.start(server, directory, "baton.undo-window=60s");
                RunningLoad fresh = application.load().connections(2).start();
                RunningLoad persistent =
                        application.load().mode(THINKING).connections(8).start()) {
            assertThat(application.control().restart(_ -> {})).isInstanceOf(RestartResult.Switched.class);
            fresh.awaitAnswers(100, SOON);
            assertThat(application.control().undo())
                    .isEqualTo(new UndoResult.Undone(1, application.child().pid()));
            application.awaitEnd(2);
            fresh.awaitAnswers(100, SOON);
            persistent.awaitAnswers(100, SOON);
            assertThat(fresh.progress().generation()).hasValue(1);
            assertNothingLost(fresh.stop());
            assertNothingLost(persistent.stop());
        }
    }

    @ParameterizedTest
    @EnumSource
    void sigtermFinishesWhatWasBegunAndThenClosesTheContext(Server server) throws Exception {
        Path gate = directory.resolve("gate");
        Request slow = request("/slow?" + gate);
        try (RunningApplication application = RunningApplication.start(server, directory);
                StrictConnection client = StrictConnection.open(application.address())) {
            client.send(slow);
            application.child().awaitLine("1 handles /slow", SOON);
            application.child().signal("TERM");
            application.child().awaitLine("stop requested", SOON);
            Files.createFile(gate);
            Answer answer = (Answer) client.receive(slow, SOON);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.announcesClose()).isTrue();
            assertThat(application.child().awaitExit(SOON)).isZero();
            assertThat(said(application.child(), "1 answers /slow", "1 closed"))
                    .containsExactly("1 answers /slow", "1 closed");
        }
    }

    @Test
    void aContextThatIsClosedByTheProgramFinishesWhatWasBegunAndTheStatusIsThePrograms() throws Exception {
        Path gate = directory.resolve("gate");
        Request slow = request("/slow?" + gate);
        try (RunningApplication application = RunningApplication.start(Server.TOMCAT, directory);
                StrictConnection client = StrictConnection.open(application.address())) {
            client.send(slow);
            application.child().awaitLine("1 handles /slow", SOON);
            StrictConnection.exchange(application.address(), request("/exit?42"), SOON);
            application.child().awaitLine("stop requested", SOON);
            Files.createFile(gate);
            assertThat(((Answer) client.receive(slow, SOON)).status()).isEqualTo(200);
            assertThat(application.child().awaitExit(SOON)).isEqualTo(42);
            assertThat(said(application.child(), "1 answers /slow", "1 closed"))
                    .containsExactly("1 answers /slow", "1 closed");
        }
    }

    @Test
    void sigtermDuringTheStartEndsIt() throws Exception {
        try (RunningApplication application =
                RunningApplication.launch(Server.TOMCAT, directory, "wait " + directory.resolve("never"))) {
            application.child().awaitLine("1 obeys", SOON);
            application.child().signal("TERM");
            assertThat(application.child().awaitExit(SOON)).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void theManagementServerHasItsOwnListenerAndKeepsIt(Server server) throws Exception {
        try (RunningApplication application = RunningApplication.start(
                server, directory, "management.server.port=0", "management.server.address=127.0.0.2")) {
            InetSocketAddress management = application.address("127.0.0.2", 1, "management");
            assertThat(application.control().status().listeners())
                    .containsExactlyInAnyOrder("127.0.0.1:0", "127.0.0.2:0");
            application.restart(2);
            assertThat(application.address("127.0.0.2", 2, "management")).isEqualTo(management);
            Request health = Request.get("/actuator/health", ExpectedBody.anything());
            assertThat(((Answer) StrictConnection.exchange(management, health, SOON)).status())
                    .isEqualTo(200);
        }
    }

    @Test
    void aTrainingRunTouchesNeitherThePortNorTheRunningService() throws Exception {
        try (RunningApplication application = RunningApplication.start(Server.TOMCAT, directory);
                ChildJvm training = RunningApplication.builder(directory)
                        .jvmOptions("-Dspring.context.exit=onRefresh")
                        .arguments("--server.port=" + application.address().getPort())
                        .start()) {
            assertThat(training.awaitExit(SOON)).isZero();
            Answer answer = (Answer) StrictConnection.exchange(application.address(), request("/hello"), SOON);
            assertThat(answer.generation()).hasValue(1);
            assertThat(application.control().status().generation()).isEqualTo(1);
        }
    }

    private static List<String> said(ChildJvm child, String... lines) throws InterruptedException {
        return child.awaitAllOutput(SOON).stream()
                .map(OutputLine::text)
                .filter(List.of(lines)::contains)
                .toList();
    }

    private static void assertNothingLost(LoadReport report) {
        assertThat(report.failed()).as("%s", report).isZero();
        assertThat(report.unannouncedCloses()).as("%s", report).isZero();
    }
}
