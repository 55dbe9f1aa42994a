package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static dev.baton.system.Scene.head;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.drain.IdlePolicy;
import dev.baton.testkit.Answer;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.Outcome;
import dev.baton.testkit.RunningLoad;
import dev.baton.testkit.Signals;
import dev.baton.testkit.StrictConnection;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the old process ends: by itself, at its deadline, or when it is told to. */
class DrainTest {
    @TempDir
    private Path directory;

    private final List<Scene> scenes = new ArrayList<>();

    @AfterEach
    void closeScenes() throws Exception {
        for (Scene scene : scenes) {
            scene.close();
        }
    }

    private Scene scene(RunningService service, Transport transport, String name) throws Exception {
        Scene scene = new Scene(service, transport, name);
        scenes.add(scene);
        return scene;
    }

    /** Connections do not move: what moves, the old process need not end. */
    private static List<String> staying(String... more) {
        return Stream.concat(Stream.of(Service.IDLE_POLICY, IdlePolicy.CLOSE_AFTER_RESPONSE.name()), Stream.of(more))
                .toList();
    }

    @Test
    void atTheDrainTimeoutTheRestIsCutAndTheLogSaysHowMuch() throws Exception {
        try (RunningService service =
                RunningService.startWithAllTransports(directory, staying("BATON_DRAIN_TIMEOUT", "1s"))) {
            List<Scene> cut = new ArrayList<>();
            for (Transport transport : Transport.values()) {
                Scene waiting = scene(service, transport, "waiting");
                waiting.write(head("GET /when?" + waiting.gate()));
                waiting.awaitHandler();
                cut.add(waiting);
                Scene halfHead = scene(service, transport, "half-head");
                halfHead.write("GET /x HTT");
                cut.add(halfHead);
                Scene halfBody = scene(service, transport, "half-body");
                halfBody.write(head("POST /count?" + halfBody.log(), "Content-Length: 10") + "12345");
                cut.add(halfBody);
                Scene idle = scene(service, transport, "idle");
                idle.write(head("GET /x"));
                idle.receiveAnswer("/x");
                scene(service, transport, "silent");
            }
            Scene spinning = scene(service, Transport.TCP, "spinning");
            spinning.write(head("GET /spin?" + spinning.gate()));
            spinning.awaitHandler();
            cut.add(spinning);
            service.hup();
            service.awaitSwitch(2);
            assertThat(service.child().awaitExit(SOON)).isZero();
            service.child().awaitLine("still open after the drain-timeout of 1s", SOON);
            service.child()
                    .awaitLine(
                            line -> line.contains("generation 1 drained")
                                    && line.endsWith("requests cut: " + cut.size()),
                            SOON);
            for (Scene each : cut) {
                assertThat(each.connection().awaitEnd(SOON))
                        .isIn(StrictConnection.Ending.CLOSED, StrictConnection.Ending.RESET);
            }
            assertThat(StrictConnection.exchange(service.address(), RunningService.request("/x"), SOON))
                    .isInstanceOf(Answer.class);
        }
    }

    @Test
    void aHeadThatNeverCompletesIsAnswered408DuringTheDrain() throws Exception {
        try (RunningService service =
                RunningService.startWithAllTransports(directory, staying(Service.HEAD_TIMEOUT, "PT3S"))) {
            for (Transport transport : Transport.values()) {
                scene(service, transport, "half").write("GET /x HTTP/1.1\r\nHost: local");
            }
            service.hup();
            service.awaitSwitch(2);
            for (Scene half : scenes) {
                Outcome outcome = half.receive("");
                assertThat(outcome).isInstanceOf(Answer.class);
                assertThat(((Answer) outcome).status()).isEqualTo(408);
                half.assertEnds();
            }
            assertThat(service.child().awaitExit(SOON)).isZero();
            service.child().awaitLine(line -> line.endsWith("requests cut: 0"), SOON);
        }
    }

    /** None of them is closed without a word: each has its next request answered, and is told then. */
    @Test
    void twoThousandIdleConnectionsLeaveTheOldProcessWithTheirNextRequest() throws Exception {
        int clients = 2_000;
        try (RunningService service = RunningService.start(directory, staying());
                RunningLoad load = service.load()
                        .mode(LoadMode.persistent(Duration.ofSeconds(1), Duration.ofSeconds(3)))
                        .connections(clients)
                        .timeout(SOON)
                        .start()) {
            load.awaitAnswers(clients, SOON);
            service.restart(2);
            load.awaitAnswers(clients, SOON);
            LoadReport report = load.stop();
            assertThat(report.failed()).as("%s", report).isZero();
            assertThat(report.unannouncedCloses()).as("%s", report).isZero();
            assertThat(report.announcedCloses()).as("%s", report).isEqualTo(clients);
        }
    }

    @Test
    void anIdleConnectionMayStayForTheIdleGraceAndSpeakOnceMore() throws Exception {
        List<String> options = staying(Service.IDLE_GRACE, "PT3S", "BATON_DRAIN_TIMEOUT", "5m");
        try (RunningService service = RunningService.startWithAllTransports(directory, options)) {
            List<Scene> speaking = idle(service, "speaking", 10);
            List<Scene> silent = idle(service, "silent", 10);
            service.hup();
            service.awaitSwitch(2);
            for (Scene each : speaking) {
                each.write(head("GET /again"));
                each.assertLastAnswer("/again");
            }
            for (Scene each : silent) {
                each.assertEnds();
            }
            assertThat(service.child().awaitExit(SOON)).isZero();
        }
    }

    @Test
    void withThePolicyCloseIdleConnectionsEndAtTheSwitch() throws Exception {
        List<String> options = List.of(
                Service.IDLE_POLICY, IdlePolicy.CLOSE.name(), Service.IDLE_GRACE, "PT5M", "BATON_DRAIN_TIMEOUT", "5m");
        try (RunningService service = RunningService.startWithAllTransports(directory, options)) {
            List<Scene> idle = idle(service, "idle", 100);
            service.hup();
            service.awaitSwitch(2);
            for (Scene each : idle) {
                each.assertEnds();
            }
            assertThat(service.child().awaitExit(SOON)).isZero();
        }
    }

    private List<Scene> idle(RunningService service, String name, int each) throws Exception {
        List<Scene> idle = new ArrayList<>();
        for (Transport transport : Transport.values()) {
            for (int i = 0; i < each; i++) {
                Scene scene = scene(service, transport, name + i);
                scene.write(head("GET /x"));
                scene.receiveAnswer("/x");
                idle.add(scene);
            }
        }
        return idle;
    }

    @Test
    void aStopDuringTheDrainEndsTheServiceAndTheOldProcessStillFinishes() throws Exception {
        try (RunningService service = RunningService.start(directory, List.of())) {
            Scene slow = scene(service, Transport.TCP, "slow");
            slow.write(head("GET /when?" + slow.gate()));
            slow.awaitHandler();
            service.hup();
            service.awaitSwitch(2);

            service.child().signal("HUP");
            service.child().awaitLine("restart requested by SIGHUP: ignored, this generation is PARKED", SOON);
            service.child().signal("TERM");
            service.child().awaitLine("stop requested by SIGTERM: this generation is PARKED already", SOON);
            assertThat(StrictConnection.exchange(service.address(), RunningService.request("/x"), SOON))
                    .as("the service goes on")
                    .isInstanceOf(Answer.class);

            Signals.send(service.pid(2), "TERM");
            service.awaitEnd(2);
            assertThat(directory.resolve("pid")).doesNotExist();
            assertThatThrownBy(() -> Transport.TCP.open(service)).isInstanceOf(SocketException.class);
            assertThat(service.child().isAlive())
                    .as("the old process waits for its request")
                    .isTrue();
            slow.openGate();
            slow.assertLastAnswer("/when");
            assertThat(service.child().awaitExit(SOON)).isZero();
        }
    }

    @Test
    void theSecondStopEndsTheProcessAtOnce() throws Exception {
        try (RunningService service = RunningService.start(directory, List.of("BATON_DRAIN_TIMEOUT", "0"))) {
            Scene slow = scene(service, Transport.TCP, "slow");
            slow.write(head("GET /when?" + slow.gate()));
            slow.awaitHandler();
            service.child().signal("TERM");
            service.child().awaitLine("stop requested by SIGTERM", SOON);
            service.child().signal("TERM");
            assertThat(service.child().awaitExit(SOON)).isEqualTo(143);
            service.child().awaitLine(line -> line.endsWith("requests cut: 1"), SOON);
            assertThat(slow.connection().awaitEnd(SOON)).isNotEqualTo(StrictConnection.Ending.STILL_OPEN);
            assertThat(directory.resolve("pid")).doesNotExist();
        }
    }
}
