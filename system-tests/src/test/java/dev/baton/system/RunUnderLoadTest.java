package dev.baton.system;

import static dev.baton.system.Supervised.SOON;
import static dev.baton.system.Supervised.awaitReady;
import static dev.baton.system.Supervised.lastReady;
import static dev.baton.system.Supervised.run;
import static dev.baton.system.UnmodifiedProgram.program;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Answer;
import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.FailureKind;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.RunningLoad;
import dev.baton.testkit.Signals;
import dev.baton.testkit.StrictConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code baton run} while clients come, who never try twice. */
class RunUnderLoadTest {
    private static final int RESTARTS = 5;

    @TempDir
    private Path directory;

    /** A new pid namespace, if this user may make one. */
    private static void assumeNamespaces() throws Exception {
        Process unshare = new ProcessBuilder("unshare", "-pf", "--mount-proc", "true").start();
        Assumptions.assumeTrue(
                unshare.waitFor(10, TimeUnit.SECONDS) && unshare.exitValue() == 0,
                "this user may not make a pid namespace");
    }

    /** 8 clients with 40 ms between requests: 200 a second, if an answer takes no time. */
    private static RunningLoad load(int port) {
        return Supervised.load(port)
                .mode(LoadMode.newConnections(Duration.ofMillis(40)))
                .connections(8)
                .start();
    }

    @Test
    void asPid1ItRestartsTheServiceAndNobodyNotices() throws Exception {
        assumeNamespaces();
        int port = UnmodifiedServer.freePort();
        String[] server =
                Supervised.java(program("HttpServerProgram").classPath(), "dev.baton.unmodified.HttpServerProgram");
        try (ChildJvm child = run(directory, "--")
                .arguments("sh", "-c", "(sh -c 'sleep 1; echo orphan ends' &); exec \"$@\"", "sh")
                .arguments(server)
                .arguments(Integer.toString(port))
                .environment("BATON_UNDO_WINDOW", "0")
                .startedBy("unshare", "-pf", "--mount-proc")
                .start()) {
            child.awaitLine("generation 1 (pid", SOON);
            long supervisor = ProcFs.children(child.pid()).iterator().next();
            LoadReport report;
            try (RunningLoad load = load(port)) {
                load.awaitAnswers(50, SOON);
                for (int i = 0; i < RESTARTS; i++) {
                    restart(child, supervisor, "switched to generation");
                    load.awaitAnswers(50, SOON);
                }
                Files.createFile(directory.resolve("broken"));
                restart(child, supervisor, "restart failed");
                load.awaitAnswers(50, SOON);
                report = load.stop();
            }
            System.out.println("baton run as pid 1: " + report);
            assertThat(report.failed()).as("%s", report).isZero();
            assertThat(report.generations()).hasSize(RESTARTS + 1);
            child.awaitLine("orphan ends", SOON);
            Await.state(
                    "one process is left besides the supervisor",
                    SOON,
                    () -> ProcFs.children(supervisor).size() == 1);
            assertThat(ProcFs.zombieChildren(supervisor)).isEmpty();
            stopWithARequestUnderWay(child, supervisor, port);
        }
    }

    private static void restart(ChildJvm child, long supervisor, String outcome) throws Exception {
        int mark = child.mark();
        Signals.send(supervisor, "HUP");
        child.awaitLineAfter(mark, outcome, line -> line.contains(outcome), SOON);
    }

    private static void stopWithARequestUnderWay(ChildJvm child, long supervisor, int port) throws Exception {
        try (StrictConnection client = StrictConnection.open(Supervised.at(port))) {
            client.send(Supervised.request("/slow"));
            child.awaitLine("slow", SOON);
            Signals.send(supervisor, "TERM");
            assertThat(client.receive(Supervised.request("/slow"), SOON)).isInstanceOf(Answer.class);
            assertThat(child.awaitExit(SOON)).isEqualTo(143);
        }
    }

    private ChildJvm startUnmodified(int port, String undoWindow) throws Exception {
        ChildJvm child = run(directory, "--")
                .arguments(Supervised.java(
                        program("HttpServerProgram").classPath(), "dev.baton.unmodified.HttpServerProgram"))
                .arguments(Integer.toString(port))
                .environment("BATON_UNDO_WINDOW", undoWindow)
                .start();
        child.awaitLine("generation 1 (pid", SOON);
        return child;
    }

    /** The pid in the last line {@code generation N (pid P) serves}. */
    private static long lastServing(ChildJvm child) {
        return child.lines().stream()
                .map(OutputLine::text)
                .filter(line -> line.matches(".*generation \\d+ \\(pid \\d+\\) serves.*"))
                .map(line -> Long.parseLong(line.replaceFirst(".*\\(pid (\\d+)\\) serves.*", "$1")))
                .reduce((_, last) -> last)
                .orElseThrow();
    }

    @Test
    void aSuccessorThatDiesInTheUndoWindowIsFollowedByItsParentAndNothingIsStarted() throws Exception {
        int port = UnmodifiedServer.freePort();
        try (ChildJvm child = startUnmodified(port, "10m")) {
            long first = lastServing(child);
            try (RunningLoad load = load(port)) {
                load.awaitAnswers(20, SOON);
                restart(child, child.pid(), "switched to generation");
                load.awaitAnswers(20, SOON);
                int mark = child.mark();
                long second = child.processes().stream()
                        .filter(pid -> pid != first && pid != child.pid())
                        .findFirst()
                        .orElseThrow();
                Signals.send(second, "KILL");
                child.awaitLineAfter(
                        mark, "it serves again", line -> line.contains("serves again (pid " + first + ")"), SOON);
                load.awaitAnswers(20, SOON);
                LoadReport report = load.stop();
                assertThat(report.failures(FailureKind.REFUSED))
                        .as("%s", report)
                        .isZero();
            }
            assertThat(child.lines()).extracting(OutputLine::text).noneMatch(line -> line.contains("again in"));
            assertThat(child.processes()).containsExactlyInAnyOrder(child.pid(), first);
            child.signal("TERM");
            assertThat(child.awaitExit(SOON)).isEqualTo(143);
        }
    }

    @Test
    void theFirstSignalIsTheFirstAlsoWhereTheMainProcessHasStoppedByItself() throws Exception {
        int port = UnmodifiedServer.freePort();
        try (ChildJvm child = startUnmodified(port, "0");
                StrictConnection client = StrictConnection.open(Supervised.at(port))) {
            client.send(Supervised.request("/slow"));
            child.awaitLine("slow", SOON);
            restart(child, child.pid(), "switched to generation");
            long second = lastServing(child);
            Signals.send(second, "TERM");
            Await.state("the main process has ended", SOON, () -> !ProcFs.running(second));
            child.signal("TERM");
            assertThat(client.receive(Supervised.request("/slow"), SOON)).isInstanceOf(Answer.class);
            child.awaitExit(SOON);
            assertThat(child.lines()).extracting(OutputLine::text).noneMatch(line -> line.contains("a second signal:"));
        }
    }

    @Test
    void whoComesWhileTheProgramIsDeadIsAnsweredByItsNextLife() throws Exception {
        int port = UnmodifiedServer.freePort();
        try (ChildJvm child = run(directory, "--no-agent", "--")
                .arguments(Supervised.storing(port))
                .start()) {
            awaitReady(child, 0);
            LoadReport report;
            try (RunningLoad load = load(port)) {
                for (int i = 0; i < 3; i++) {
                    load.awaitAnswers(50, SOON);
                    long dead = lastReady(child);
                    int mark = child.mark();
                    Signals.send(dead, "KILL");
                    Await.state("it is dead", SOON, () -> !ProcFs.running(dead));
                    try (StrictConnection client = StrictConnection.open(Supervised.at(port))) {
                        client.send(Supervised.request("/"));
                        assertThat(client.receive(Supervised.request("/"), SOON))
                                .isInstanceOf(Answer.class);
                    }
                    awaitReady(child, mark);
                    assertThat(lastReady(child)).isNotEqualTo(dead);
                }
                load.awaitAnswers(50, SOON);
                report = load.stop();
            }
            System.out.println("baton run, three crashes: " + report);
            assertThat(report.failures(FailureKind.REFUSED)).as("%s", report).isZero();
            // What a dead process had accepted: of 8 clients one at a time, three times.
            assertThat(report.failed()).as("%s", report).isLessThanOrEqualTo(3);
            assertThat(child.lines()).extracting(OutputLine::text).contains("took web");
        }
    }

    @Test
    void aProgramThatCannotStartAgainIsTriedWithGrowingPausesAndClientsWait() throws Exception {
        int port = UnmodifiedServer.freePort();
        try (ChildJvm child = run(directory, "--no-agent", "--")
                .arguments(Supervised.storing(port))
                .start()) {
            awaitReady(child, 0);
            Path broken = Files.createFile(directory.resolve("broken"));
            int mark = child.mark();
            Signals.send(lastReady(child), "KILL");
            try (StrictConnection client = StrictConnection.open(Supervised.at(port))) {
                client.send(Supervised.request("/"));
                for (int pause : List.of(100, 200, 400)) {
                    child.awaitLineAfter(mark, "a pause", line -> line.contains("again in " + pause + " ms"), SOON);
                }
                Files.delete(broken);
                assertThat(client.receive(Supervised.request("/"), SOON)).isInstanceOf(Answer.class);
            }
        }
    }

    @Test
    void aStopWhileTheProgramIsDeadEndsItWithTheStatusOfTheDeath() throws Exception {
        int port = UnmodifiedServer.freePort();
        try (ChildJvm child = run(directory, "--no-agent", "--")
                .arguments(Supervised.storing(port))
                .start()) {
            awaitReady(child, 0);
            Files.createFile(directory.resolve("broken"));
            int mark = child.mark();
            Signals.send(lastReady(child), "KILL");
            child.awaitLineAfter(mark, "a long pause", line -> line.contains("again in 6400 ms"), SOON);
            child.signal("TERM");
            assertThat(child.awaitExit(SOON)).isEqualTo(3);
        }
    }
}
