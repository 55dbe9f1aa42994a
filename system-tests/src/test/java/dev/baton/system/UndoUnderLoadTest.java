package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Answer;
import dev.baton.testkit.Await;
import dev.baton.testkit.FailureKind;
import dev.baton.testkit.Load;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.Outcome;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.RunningLoad;
import dev.baton.testkit.StrictConnection;
import dev.baton.testkit.Trouble;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Guarantee 4: a successor is killed while the undo window is open, under 200 requests a second on fresh connections. What
 * it had accepted dies with it; nothing is refused, and the parent answers as soon as it has seen the end of the link.
 */
class UndoUnderLoadTest {
    /** After READY has been answered. */
    private static final List<Duration> KILLED_AFTER = List.of(
            Duration.ZERO,
            Duration.ZERO,
            Duration.ZERO,
            Duration.ZERO,
            Duration.ZERO,
            Duration.ofMillis(50),
            Duration.ofMillis(500),
            Duration.ofSeconds(5));

    @TempDir
    private Path directory;

    /** When the successor was killed, and when it was seen to be dead. */
    private record Death(long from, long to) {}

    @Test
    void aSuccessorThatIsKilledInTheUndoWindowCostsOnlyWhatItHadAccepted() throws Exception {
        Kill.prepare();
        List<Death> deaths = new ArrayList<>();
        try (Patience patience = new Patience();
                RunningService service = RunningService.startCheaply(
                        directory, List.of("BATON_UNDO_WINDOW", "10s", Service.WARM_UP, "true"), "127.0.0.1:0");
                RunningLoad load = Load.of(service.address(), RunningService.request("/hello"))
                        .mode(LoadMode.newConnections(Duration.ofMillis(95)))
                        .connections(20)
                        .start()) {
            int next = 2;
            for (Duration delay : KILLED_AFTER) {
                load.awaitAnswers(20, SOON);
                deaths.add(trial(service, delay, next++, patience));
            }
            LoadReport report = load.stop();
            System.out.println("undo under load: " + report);
            assertThat(report.failures(FailureKind.REFUSED)).isZero();
            assertThat(report.troubles())
                    .as("%s", report)
                    .allMatch(trouble -> deaths.stream().anyMatch(death -> isExcused(trouble, death, patience)));
        }
    }

    private static boolean isExcused(Trouble trouble, Death death, Patience patience) {
        return Excuse.IN_FLIGHT.covers(
                        trouble, new Excuse.Instants(death.from(), death.to(), death.to(), death.to(), true), patience)
                || (trouble.failure().isEmpty() && !patience.isExceeded(trouble.beganNanos(), trouble.endedNanos()));
    }

    private static Death trial(RunningService service, Duration delay, int next, Patience patience) throws Exception {
        long parent = service.child().pid();
        int mark = service.child().mark();
        service.hup();
        service.child().awaitLineAfter(mark, next + " ready", line -> line.equals(next + " ready"), SOON);
        long ready = System.nanoTime();
        long successor = service.pid(next);
        Pace.until(ready, delay);
        long killed = System.nanoTime();
        assertThat(Kill.send(successor, Kill.SIGKILL)).isTrue();
        long answered = firstAnswerOfParent(service);
        System.out.println("successor killed " + delay.toMillis() + " ms after ready: first answer of the parent after "
                + Duration.ofNanos(answered - killed).toMillis() + " ms");
        Await.state("the successor is dead", SOON, () -> !ProcFs.running(successor));
        long dead = System.nanoTime();
        assertThat(patience.isExceeded(killed, answered))
                .as("more than a second")
                .isFalse();
        Await.state("the parent is published", SOON, () -> service.publishedPid() == parent);
        service.child().awaitLineAfter(mark, "the parent serves", line -> line.contains("generation 1 (pid"), SOON);
        return new Death(killed, dead);
    }

    /** A client of its own: one connection after the other, until the parent answers. */
    private static long firstAnswerOfParent(RunningService service) throws Exception {
        long begun = System.nanoTime();
        while (System.nanoTime() - begun < SOON.toNanos()) {
            Outcome outcome = StrictConnection.exchange(service.address(), RunningService.request("/probe"), SOON);
            if (outcome instanceof Answer answer && answer.generation().orElse(0) == 1) {
                return System.nanoTime();
            }
        }
        throw new AssertionError("the parent has not answered within " + SOON);
    }
}
