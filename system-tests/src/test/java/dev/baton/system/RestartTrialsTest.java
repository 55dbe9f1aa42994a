package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.drain.IdlePolicy;
import dev.baton.testkit.Answer;
import dev.baton.testkit.Load;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.Outcome;
import dev.baton.testkit.Request;
import dev.baton.testkit.RunningLoad;
import dev.baton.testkit.StrictConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Guarantees 1 and 2 where they are hardest to keep, many times over; the clients never retry. */
class RestartTrialsTest {
    /** More than can be sent in the time that a test has. */
    private static final int POSTS = 200_000;

    @TempDir
    private Path directory;

    /**
     * A trial is one connection that is made 50 ms before SIGHUP, says nothing, and sends its request 300 ms after. Since
     * a successor takes longer than that to start, there are as many that send it 300 ms after the switch: those are
     * connections that have moved from the old process to the new one without having said a word.
     */
    @Test
    void aConnectionThatIsSilentAtTheSignalIsAnsweredWhenItSpeaks() throws Exception {
        int restarts = Trials.of(10);
        int each = 50;
        try (RunningService service = RunningService.startWithAllTransports(directory, List.of())) {
            for (int next = 2; next <= 1 + restarts; next++) {
                List<StrictConnection> afterSignal = openOnAll(service, each);
                List<StrictConnection> afterSwitch = openOnAll(service, each);
                Pace.until(System.nanoTime(), Duration.ofMillis(50));
                long signal = System.nanoTime();
                service.hup();
                Pace.until(signal, Duration.ofMillis(300));
                for (Answer answer : exchange(afterSignal)) {
                    assertThat(answer.generation()).hasValue(next - 1);
                }
                service.awaitSwitch(next);
                Pace.until(System.nanoTime(), Duration.ofMillis(300));
                for (Answer answer : exchange(afterSwitch)) {
                    assertThat(answer.generation()).hasValue(next);
                    assertThat(answer.announcesClose()).isFalse();
                }
                service.awaitEnd(next - 1);
            }
        }
    }

    private static List<StrictConnection> openOnAll(RunningService service, int each) throws Exception {
        List<StrictConnection> opened = new ArrayList<>();
        for (Transport transport : Transport.values()) {
            for (int i = 0; i < each; i++) {
                opened.add(transport.open(service));
            }
        }
        return opened;
    }

    /** Sends a request on each connection, and closes it when it is answered. */
    private static List<Answer> exchange(List<StrictConnection> connections) throws Exception {
        Request request = RunningService.request("/silent");
        for (StrictConnection connection : connections) {
            connection.send(request);
        }
        List<Answer> answers = new ArrayList<>();
        for (StrictConnection connection : connections) {
            Outcome outcome = connection.receive(request, SOON);
            assertThat(outcome).isInstanceOf(Answer.class);
            answers.add((Answer) outcome);
            connection.close();
        }
        return answers;
    }

    /**
     * See {@link SwitchCensus} for what counts as around the switch. Connections do not move here: whoever answers has
     * accepted.
     */
    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void fiveThousandConnectsWithinFiveMillisecondsOfTheSwitchAreAnswered() throws Exception {
        SwitchCensus census = new SwitchCensus();
        List<String> staying = List.of(Service.IDLE_POLICY, IdlePolicy.CLOSE_AFTER_RESPONSE.name());
        try (RunningService service = RunningService.startWithAllTransports(directory, staying)) {
            for (int next = 2; census.near() < Trials.of(5_000); next++) {
                census.add(burst(service, next), next);
            }
        }
        System.out.println(census);
        assertThat(census.failures()).as("%s", census).isEmpty();
    }

    /** The connections that the old process has just accepted move, some with a request and most before it has come. */
    @Test
    void connectionsThatMoveAtOnceAreAnswered() throws Exception {
        int restarts = Trials.of(10);
        Map<Integer, Integer> answers = new TreeMap<>();
        try (RunningService service = RunningService.startWithAllTransports(directory, List.of())) {
            for (int next = 2; next <= 1 + restarts; next++) {
                for (ConnectBurst.Trial trial : burst(service, next)) {
                    assertThat(trial.outcome()).isInstanceOf(Answer.class);
                    assertThat(trial.generation()).isIn(next - 1, next);
                    answers.merge(trial.generation(), 1, Integer::sum);
                }
            }
        }
        System.out.println("connects around " + restarts + " switches were answered by generation " + answers);
    }

    private List<ConnectBurst.Trial> burst(RunningService service, int next) throws Exception {
        Path gate = directory.resolve("gate" + next);
        service.script("when " + gate);
        service.hup();
        service.child().awaitLine(next + " waits", SOON);
        ConnectBurst burst = ConnectBurst.start(service, next);
        Files.createFile(gate);
        List<ConnectBurst.Trial> trials = burst.join();
        service.awaitEnd(next - 1);
        return trials;
    }

    /**
     * Sixty restarts, each begun when the one before it has switched: the old generations' drains overlap. 200 clients
     * over TCP and 40 over the Unix socket think for 0 to 300 ms; the requests of 50 are POSTs, each of which writes a line
     * of its own into a file.
     */
    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void clientsThatThinkLoseNothingOverSixtyRestarts() throws Exception {
        Path log = directory.resolve("log");
        LoadMode thinking = LoadMode.persistent(Duration.ZERO, Duration.ofMillis(300));
        try (RunningService service = RunningService.startWithAllTransports(directory, List.of());
                RunningLoad reading =
                        service.load().mode(thinking).connections(150).start();
                RunningLoad posting = Load.of(service.address(), PostedLines.to(log, POSTS))
                        .mode(thinking)
                        .connections(50)
                        .requests(POSTS)
                        .start();
                RunningLoad unix = Load.of(Transport.UNIX.address(service), RunningService.request("/hello"))
                        .mode(thinking)
                        .connections(40)
                        .start()) {
            int restarts = Trials.of(60);
            for (int next = 2; next <= 1 + restarts; next++) {
                service.hup();
                service.awaitSwitch(next);
            }
            reading.awaitAnswers(500, SOON);
            LoadReport read = reading.stop();
            LoadReport posted = posting.stop();
            LoadReport unixReport = unix.stop();
            System.out.println("thinking clients: " + read + "\n  posting: " + posted + "\n  unix: " + unixReport);
            assertThat(read.failed()).as("%s", read).isZero();
            assertThat(posted.failed()).as("%s", posted).isZero();
            assertThat(unixReport.failed()).as("%s", unixReport).isZero();
            PostedLines.assertEachOnce(log, (int) posted.requests());
        }
    }
}
