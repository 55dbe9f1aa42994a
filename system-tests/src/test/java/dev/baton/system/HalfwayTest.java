package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.drain.IdlePolicy;
import dev.baton.system.HalfwayState.Halfway;
import dev.baton.testkit.Answer;
import dev.baton.testkit.Await;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.StrictConnection;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Guarantee 2 for whatever a connection may be in the middle of: every {@link HalfwayState}, over every {@link Transport},
 * at the same restart or stop.
 */
class HalfwayTest {
    @TempDir
    private Path directory;

    private final List<Scene> scenes = new ArrayList<>();
    private final Map<String, Halfway> halfway = new LinkedHashMap<>();

    @AfterEach
    void closeScenes() throws Exception {
        for (Scene scene : scenes) {
            scene.close();
        }
    }

    @Test
    void whatWasBegunBeforeARestartIsFinishedByTheOldProcess() throws Exception {
        restart(false, List.of(Service.IDLE_POLICY, IdlePolicy.CLOSE_AFTER_RESPONSE.name()));
    }

    /** What the old process had not begun, the new one does. */
    @Test
    void whatWasBegunBeforeARestartIsFinishedAndTheConnectionGoesOn() throws Exception {
        restart(true, List.of());
    }

    private void restart(boolean moves, List<String> options) throws Exception {
        try (RunningService service = RunningService.startWithAllTransports(directory, options)) {
            beginAll(service, moves);
            try (StrictConnection probe = Transport.TCP.open(service)) {
                service.hup();
                service.awaitSwitch(2);
                if (moves) {
                    awaitMove(probe);
                } else {
                    awaitDrain(probe);
                }
            }
            completeAll(service, () -> {
                for (Transport transport : Transport.values()) {
                    Answer answer = (Answer)
                            StrictConnection.exchange(transport.address(service), RunningService.request("/new"), SOON);
                    assertThat(answer.generation())
                            .as("who takes new connections")
                            .hasValue(2);
                }
            });
        }
    }

    @Test
    void whatWasBegunBeforeAStopIsFinished() throws Exception {
        try (RunningService service = RunningService.startWithAllTransports(directory, List.of())) {
            beginAll(service, false);
            try (StrictConnection probe = Transport.TCP.open(service)) {
                service.child().signal("TERM");
                awaitDrain(probe);
            }
            completeAll(service, () -> {
                for (Transport transport : Transport.values()) {
                    assertThatThrownBy(() -> transport.open(service)).isInstanceOf(SocketException.class);
                }
            });
        }
    }

    private void beginAll(RunningService service, boolean moves) throws Exception {
        for (HalfwayState state : HalfwayState.values()) {
            for (Transport transport : Transport.values()) {
                Scene scene = new Scene(service, transport, state.name(), moves);
                scenes.add(scene);
                halfway.put(state + " over " + transport, state.begin(scene));
            }
        }
    }

    private static void awaitMove(StrictConnection probe) throws Exception {
        Await.state("the new process answers on a connection of the old one", SOON, () -> {
            probe.send(RunningService.request("/probe"));
            Answer answer = (Answer) probe.receive(RunningService.request("/probe"), SOON);
            return answer.generation().orElse(0) == 2;
        });
    }

    /** Until a response says so, nobody outside knows that the drain has begun. */
    private static void awaitDrain(StrictConnection probe) throws Exception {
        Await.state("the old process announces the end of connections", SOON, () -> {
            probe.send(RunningService.request("/probe"));
            return ((Answer) probe.receive(RunningService.request("/probe"), SOON)).announcesClose();
        });
    }

    private interface Check {
        void run() throws Exception;
    }

    private void completeAll(RunningService service, Check newConnections) throws Exception {
        for (Map.Entry<String, Halfway> each : halfway.entrySet()) {
            newConnections.run();
            assertThat(service.child().isAlive())
                    .as("the old process waits for %s", each.getKey())
                    .isTrue();
            try {
                each.getValue().complete();
            } catch (Exception | AssertionError e) {
                throw new AssertionError(each.getKey(), e);
            }
        }
        assertThat(service.child().awaitExit(SOON)).isZero();
        for (Map.Entry<String, Halfway> each : halfway.entrySet()) {
            each.getValue().afterExit();
        }
        assertThat(service.child().lines().stream().map(OutputLine::text))
                .anyMatch(line -> line.contains("generation 1 drained") && line.endsWith("requests cut: 0"));
    }
}
