package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Answer;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Request;
import dev.baton.testkit.Signals;
import dev.baton.testkit.StrictConnection;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of connections and sockets at the switch. */
class HandoffTest {
    @TempDir
    private Path directory;

    @Test
    void aRequestInFlightCompletesOnTheOldProcessWhichThenExits() throws Exception {
        Path gate = directory.resolve("gate");
        try (RunningService service = RunningService.start(directory, List.of());
                StrictConnection connection = StrictConnection.open(service.address())) {
            Request slow = RunningService.request("/when?" + gate);
            connection.send(slow);
            service.child().awaitLine(line -> line.startsWith("1 handles"), SOON);
            service.hup();
            service.child().awaitLine("2 ready", SOON);
            service.child().awaitLine(line -> line.contains("switched to generation 2"), SOON);
            assertThat(service.child().isAlive())
                    .as("the old process waits for its request")
                    .isTrue();

            Files.createFile(gate);
            Answer answer = (Answer) connection.receive(slow, SOON);
            long answeredAt = System.nanoTime();
            assertThat(answer.generation()).hasValue(1);
            assertThat(answer.announcesClose()).isFalse();
            assertThat(service.child().awaitExit(SOON)).isZero();
            System.out.println("last response to exit of the old process: "
                    + Duration.ofNanos(System.nanoTime() - answeredAt).toMillis() + " ms");
            connection.send(RunningService.request("/next"));
            Answer next = (Answer) connection.receive(RunningService.request("/next"), SOON);
            assertThat(next.generation()).as("who has the connection").hasValue(2);
        }
    }

    @Test
    void hundredConnectionsThatWaitInTheQueueAtTheSwitchAreAnswered() throws Exception {
        Path gate = directory.resolve("gate");
        try (RunningService service = RunningService.start(directory, List.of())) {
            service.script("when " + gate);
            service.hup();
            service.child().awaitLine("2 waits", SOON);
            // Nobody accepts: the successor must not yet, and the parent is frozen.
            Signals.send(service.child().pid(), "STOP");
            Request request = RunningService.request("/queued");
            List<StrictConnection> waiting = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                StrictConnection connection = StrictConnection.open(service.address());
                connection.send(request);
                waiting.add(connection);
            }
            Files.createFile(gate);
            Signals.send(service.child().pid(), "CONT");
            Set<Integer> generations = new TreeSet<>();
            for (StrictConnection connection : waiting) {
                Answer answer = (Answer) connection.receive(request, SOON);
                generations.add(answer.generation().orElseThrow());
                connection.close();
            }
            System.out.println("100 queued connections were answered by the generations " + generations);
            service.child().awaitLine("2 ready", SOON);
        }
    }

    @Test
    void threeHundredListenersServeInEveryGenerationOnTheSameSockets() throws Exception {
        String[] more = new String[299];
        for (int i = 0; i < more.length; i++) {
            more[i] = "unix:" + directory.resolve("s" + i);
        }
        try (RunningService service = RunningService.start(directory, List.of(), more)) {
            Set<Long> first = ProcFs.listenerInodes(service.publishedPid());
            service.restart(2);
            service.restart(3);
            Set<Long> third = ProcFs.listenerInodes(service.publishedPid());
            assertThat(third).hasSize(first.size());
            first.retainAll(third);
            assertThat(first).as("all but the control socket").hasSize(300);
            for (int i = 0; i < more.length; i++) {
                Answer answer = (Answer) StrictConnection.exchange(
                        UnixDomainSocketAddress.of(directory.resolve("s" + i)), RunningService.request("/unix"), SOON);
                assertThat(answer.generation()).hasValue(3);
            }
        }
    }

    @Test
    void manySignalsDuringOneRestartStartOneSuccessor() throws Exception {
        Path gate = directory.resolve("gate");
        try (RunningService service = RunningService.start(directory, List.of())) {
            service.script("when " + gate);
            for (int i = 0; i < 20; i++) {
                Signals.send(service.child().pid(), "HUP");
            }
            service.child().awaitLine("2 waits", SOON);
            service.child().awaitLine(line -> line.contains("ignored, one is already in progress"), SOON);
            assertThat(service.child().processes()).hasSize(2);
            Files.createFile(gate);
            service.child().awaitLine("2 ready", SOON);
            service.child().awaitExit(SOON);
            assertThat(service.said("2 waits")).hasSize(1);
            assertThat(service.child().processes()).hasSize(1);
        }
    }

    @Test
    void aStopFinishesWhatWasBegunAndRemovesThePidFile() throws Exception {
        Path gate = directory.resolve("gate");
        try (RunningService service = RunningService.start(directory, List.of());
                StrictConnection connection = StrictConnection.open(service.address())) {
            Request slow = RunningService.request("/when?" + gate);
            connection.send(slow);
            service.child().awaitLine(line -> line.startsWith("1 handles"), SOON);
            service.child().signal("TERM");
            service.child().awaitLine(line -> line.contains("stop requested by SIGTERM"), SOON);
            Files.createFile(gate);
            assertThat(connection.receive(slow, SOON)).isInstanceOf(Answer.class);
            assertThat(service.child().awaitExit(SOON)).isZero();
            assertThat(directory.resolve("pid")).doesNotExist();
            assertThat(service.child().lines().stream().map(OutputLine::text))
                    .anyMatch(line -> line.contains("requests cut: 0"));
        }
    }
}
