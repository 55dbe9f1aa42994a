package dev.baton.system;

import static dev.baton.system.HandoffStep.Side.PARENT;
import static dev.baton.system.HandoffStep.Side.SUCCESSOR;
import static dev.baton.system.RunningService.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.system.HandoffStep.Side;
import dev.baton.system.PersistentClients.Tally;
import dev.baton.testkit.Await;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.FailureKind;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Request;
import dev.baton.testkit.RunningLoad;
import dev.baton.testkit.Signals;
import dev.baton.testkit.StrictConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A process is struck in the middle of a move: with the first of several batches of connections on its way, or just taken.
 * A connection ends with the process that had it, and with no other; none hangs, and none has two owners.
 */
class MidMoveFaultTest {
    private static final int CONNECTIONS = 1_500;

    /** The most descriptors of one message: what can have changed hands when the first batch has. */
    private static final int BATCH = 253;

    private static final Duration FREEZE = Duration.ofSeconds(1);
    private static final Request REQUEST = RunningService.request("/hello");

    @TempDir
    private Path directory;

    /** Where connections go from and to. */
    enum Way {
        THERE(PARENT, SUCCESSOR),
        BACK(SUCCESSOR, PARENT);

        final Side from;
        final Side to;

        Way(Side from, Side to) {
            this.from = from;
            this.to = to;
        }
    }

    /** As it is logged; on both sides, in this order. */
    enum Step {
        SENT("sent CONNECTIONS", true),
        RECEIVED("received CONNECTIONS", false),
        TAKEN("sent TAKEN", false),
        GIVEN("received TAKEN", true);

        final String logged;
        final boolean ofGiver;

        Step(String logged, boolean ofGiver) {
            this.logged = logged;
            this.ofGiver = ofGiver;
        }
    }

    record Blow(Way way, Step step, Fault fault) {
        Side struck() {
            return step.ofGiver ? way.from : way.to;
        }

        @Override
        public String toString() {
            return struck() + " " + fault + " after it has " + step.logged + ", way " + way;
        }
    }

    static Stream<Blow> blows() {
        List<Blow> blows = new ArrayList<>();
        for (Way way : Way.values()) {
            for (Step step : Step.values()) {
                blows.add(new Blow(way, step, Fault.KILL));
                blows.add(new Blow(way, step, Fault.FREEZE));
            }
        }
        return blows.stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("blows")
    void aConnectionEndsWithItsProcessAndNoOther(Blow blow) throws Exception {
        Path order = directory.resolve("strike");
        List<String> options =
                List.of("BATON_UNDO_WINDOW", "60s", Service.STRIKE, order.toString(), Service.WARM_UP, "true");
        try (RunningService service = RunningService.startCheaply(directory, options, "127.0.0.1:0")) {
            long parent = service.child().pid();
            Set<Long> others = ProcFs.socketInodes(parent);
            try (PersistentClients clients = PersistentClients.connect(service.address(), CONNECTIONS)) {
                assertThat(clients.ask(REQUEST).answers()).containsEntry(1, CONNECTIONS);
                ServerEnds ends = ServerEnds.since(others, parent);
                assertThat(ends.inodes()).hasSize(CONNECTIONS);
                if (blow.fault() == Fault.KILL) {
                    kill(service, blow, clients, order, ends);
                } else {
                    freeze(service, blow, clients, order, ends);
                }
            }
        }
    }

    private static void kill(RunningService service, Blow blow, PersistentClients clients, Path order, ServerEnds ends)
            throws Exception {
        long parent = service.child().pid();
        long struck = strike(service, blow, order, ends);
        Await.state("process " + struck + " is dead", SOON, () -> !ProcFs.running(struck));
        if (blow.way() == Way.THERE && blow.struck() == SUCCESSOR) {
            Await.state("the parent is published again", SOON, () -> service.publishedPid() == parent);
        }
        Tally tally = clients.ask(REQUEST);
        System.out.println(blow + ": " + tally);
        assertThat(tally.failures().keySet()).as("%s", tally).isSubsetOf(FailureKind.EMPTY_REPLY, FailureKind.RESET);
        assertThat(tally.answered() + tally.closed()).as("%s", tally).isEqualTo(CONNECTIONS);
        int survivor = blow.struck() == PARENT ? 2 : 1;
        assertThat(tally.answers().keySet()).as("%s", tally).isSubsetOf(survivor);
        switch (blow.step()) {
            case RECEIVED -> assertThat(tally.closed()).as("it had taken none").isZero();
            case TAKEN -> assertThat(tally.closed()).as("it had taken a batch").isBetween(1, BATCH);
            case SENT, GIVEN ->
                assertThat(tally.answered())
                        .as("all but what had left the process ended with it")
                        .isLessThan(CONNECTIONS);
        }
        if (blow.step() == Step.GIVEN) {
            assertThat(tally.answered()).as("what the other had taken").isPositive();
        }
    }

    private static void freeze(
            RunningService service, Blow blow, PersistentClients clients, Path order, ServerEnds ends)
            throws Exception {
        long parent = service.child().pid();
        try (RunningLoad load = service.load()
                .mode(LoadMode.persistent(Duration.ofMillis(5)))
                .connections(20)
                .timeout(SOON)
                .start()) {
            load.awaitAnswers(100, SOON);
            long struck = strike(service, blow, order, ends);
            long frozen = System.nanoTime();
            // A frozen successor may not have come to say that it serves.
            long successor = blow.struck() == SUCCESSOR ? struck : service.pid(2);
            long giver = blow.way() == Way.THERE ? parent : successor;
            long taker = blow.way() == Way.THERE ? successor : parent;
            Await.state("process " + struck + " is frozen", SOON, () -> ProcFs.stopped(struck));
            Pace.until(frozen, FREEZE);
            int left = ends.heldBy(giver);
            int taken = ends.heldBy(taker);
            Signals.send(struck, "CONT");
            ends.awaitGone(giver);
            assertThat(ends.heldBy(taker)).as("all are the other's").isEqualTo(CONNECTIONS);
            Tally tally = clients.ask(REQUEST);
            load.awaitAnswers(100, SOON);
            LoadReport report = load.stop();
            System.out.printf(
                    "%s: while frozen the giver held %,d and the taker %,d of %,d; then %s%n  load: %s%n",
                    blow, left, taken, CONNECTIONS, tally, report);
            assertThat(left).as("it was in the middle").isPositive();
            assertThat(tally.answers()).as("%s", tally).containsOnlyKeys(blow.way() == Way.THERE ? 2 : 1);
            assertThat(tally.answered()).as("%s", tally).isEqualTo(CONNECTIONS);
            assertThat(clients.alive()).isEqualTo(CONNECTIONS);
            assertThat(report.failed()).as("%s", report).isZero();
            assertThat(report.connectionsOpened()).as("%s", report).isEqualTo(20);
        }
    }

    /** Brings the move about; gives the process that has struck itself in its middle. */
    private static long strike(RunningService service, Blow blow, Path order, ServerEnds ends) throws Exception {
        long parent = service.child().pid();
        if (blow.way() == Way.BACK) {
            service.hup();
            service.awaitSwitch(2);
            ends.awaitGone(parent);
        }
        int mark = service.child().mark();
        Strike.order(order, blow.fault(), blow.struck() == PARENT ? -parent : parent, blow.step().logged);
        if (blow.way() == Way.BACK) {
            var _ = StrictConnection.exchange(
                    service.address(), Request.get("/undo", ExpectedBody.bytes(new byte[0])), SOON);
        } else {
            service.hup();
        }
        String announced = service.child()
                .awaitLineAfter(mark, blow.toString(), line -> line.startsWith(Strike.ANNOUNCEMENT), SOON)
                .text();
        return Long.parseLong(announced.split(" ", -1)[1]);
    }
}
