package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Signals;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Undos that cross something else: a restart, a stop, a death, a process that does not react. Whatever comes first, one
 * generation serves in the end, or none if the service was stopped.
 */
@Execution(ExecutionMode.CONCURRENT)
class WayBackTest {
    private static final Duration SOON = Duration.ofSeconds(45);

    private static final Map<String, String> LONG_WINDOW = Map.of("BATON_UNDO_WINDOW", "10m");

    @TempDir
    private Path directory;

    private ScriptedFiles files;

    @BeforeEach
    void prepare() throws Exception {
        files = new ScriptedFiles(directory);
        files.script("serve");
    }

    /** Freezes a process for a time, and thaws it. */
    private static void freeze(long pid, Duration time) throws Exception {
        Signals.send(pid, "STOP");
        CompletableFuture.runAsync(() -> {}, CompletableFuture.delayedExecutor(time.toMillis(), TimeUnit.MILLISECONDS))
                .join();
        Signals.send(pid, "CONT");
    }

    private void awaitOnly(ChildJvm child, long... pids) throws Exception {
        List<Long> wanted = java.util.Arrays.stream(pids).boxed().toList();
        Await.state("only " + wanted + " live", SOON, () -> child.processes().equals(wanted));
    }

    @Test
    void aRestartWaitsForTheWordOfAParentThatCanComeBackAndFailsIfThatSaysNothing() throws Exception {
        try (ChildJvm child = files.start(LONG_WINDOW, "127.0.0.1:0")) {
            long second = files.restart(child, 2);
            Signals.send(child.pid(), "STOP");
            Signals.send(second, "HUP");
            child.awaitLine(
                    line -> line.contains("generation 3")
                            && line.contains("the generation before this one, which can come back, does not answer")
                            && line.endsWith("generation 2 serves on"),
                    SOON);
            assertThat(ScriptedFiles.said(child, "3 resume")).isEmpty();
            assertThat(ScriptedFiles.said(child, "2 park")).isEmpty();
            Signals.send(child.pid(), "CONT");
            assertThat(child.awaitExit(SOON)).isZero(); // It has been told to commit.
            files.restart(child, 3);
            awaitOnly(child, second, files.publishedPid());
        }
    }

    @Test
    void anUndoThatCrossesARestartLeavesOneGenerationThatServes() throws Exception {
        Path gate = directory.resolve("gate");
        files.script("undoes " + gate);
        try (ChildJvm child = files.start(LONG_WINDOW, "127.0.0.1:0")) {
            files.script("serve");
            long second = files.restart(child, 2);
            Signals.send(child.pid(), "STOP");
            Signals.send(second, "HUP");
            child.awaitLine(line -> line.contains("generation 3") && line.contains("is ready after"), SOON);
            files.open(gate);
            Signals.send(child.pid(), "CONT"); // It sees the wish for an undo and the COMMIT, in an order of its own.
            child.awaitLine(line -> line.startsWith("1 undo: "), SOON);
            if (ScriptedFiles.said(child, "1 undo: Undone").isEmpty()) {
                child.awaitLine(line -> line.contains("switched to generation 3"), SOON);
                awaitOnly(child, second, files.publishedPid());
            } else {
                awaitOnly(child, child.pid());
                files.awaitPublished(child.pid());
                assertThat(ScriptedFiles.said(child, "3 resume")).isEmpty();
            }
        }
    }

    @Test
    void aStopThatCrossesAnUndoEndsTheServiceInBothGenerations() throws Exception {
        Path gate = directory.resolve("gate");
        files.script("undoes " + gate);
        try (ChildJvm child = files.start(LONG_WINDOW, "127.0.0.1:0", "unix:" + directory.resolve("s"))) {
            files.script("serve");
            long second = files.restart(child, 2);
            Signals.send(child.pid(), "STOP");
            Signals.send(second, "TERM");
            child.awaitLine(line -> line.contains("stop requested by SIGTERM"), SOON);
            files.open(gate);
            Signals.send(child.pid(), "CONT");
            child.awaitAllGone(SOON);
            assertThat(files.pidFile()).doesNotExist();
            assertThat(directory.resolve("s")).doesNotExist();
        }
    }

    @Test
    void aStopThatIsHeardBeforeTheDeathOfTheSuccessorEndsTheService() throws Exception {
        try (ChildJvm child = files.start(LONG_WINDOW, "127.0.0.1:0")) {
            files.script("serve");
            long second = files.restart(child, 2);
            Signals.send(child.pid(), "STOP"); // So that it hears of both at once, in whichever order.
            Signals.send(second, "KILL");
            Await.state("the successor is gone", SOON, () -> !ProcFs.running(second));
            Signals.send(child.pid(), "TERM");
            Signals.send(child.pid(), "CONT");
            assertThat(child.awaitExit(SOON)).isZero();
            assertThat(files.pidFile()).doesNotExist();
        }
    }

    @Test
    void aStopDuringTheSwitchIsKeptWhenTheSuccessorDies() throws Exception {
        Path gate = directory.resolve("gate");
        files.script("parks-at " + gate);
        try (ChildJvm child = files.start(LONG_WINDOW, "127.0.0.1:0")) {
            files.script("serve");
            Signals.send(child.pid(), "HUP");
            child.awaitLine("1 park", SOON);
            long second = files.publishedPid();
            Signals.send(child.pid(), "TERM");
            Signals.send(second, "KILL");
            Await.state("the successor is gone", SOON, () -> !ProcFs.running(second));
            files.open(gate);
            assertThat(child.awaitExit(SOON)).isZero();
            assertThat(files.pidFile()).doesNotExist();
        }
    }

    @Test
    void aRestartBeforeTheParentHasParkedWaitsUntilItHas() throws Exception {
        Path gate = directory.resolve("gate");
        files.script("parks-at " + gate);
        try (ChildJvm child = files.start(LONG_WINDOW, "127.0.0.1:0")) {
            files.script("serve");
            Signals.send(child.pid(), "HUP");
            child.awaitLine("1 park", SOON);
            child.awaitLine("2 ready", SOON);
            long second = files.publishedPid();
            Signals.send(second, "HUP");
            child.awaitLine(line -> line.contains("generation 3") && line.contains("is ready after"), SOON);
            assertThat(ScriptedFiles.said(child, "3 resume")).isEmpty();
            files.open(gate);
            child.awaitLine(line -> line.contains("switched to generation 3"), SOON);
            assertThat(child.awaitExit(SOON)).isZero();
            Signals.send(files.publishedPid(), "KILL");
            files.awaitPublished(second);
        }
    }

    @Test
    void aParentWhoseServersCannotAcceptAgainLeavesTheServiceToALivingSuccessor() throws Exception {
        Path gate = directory.resolve("gate");
        files.script("resumes-once");
        try (ChildJvm child = files.start(LONG_WINDOW, "127.0.0.1:0")) {
            files.script("undoes " + gate);
            long second = files.restart(child, 2);
            files.open(gate);
            child.awaitLine(
                    line -> line.startsWith("2 undo: Failed") && line.contains("generation 1 cannot accept again"),
                    SOON);
            assertThat(child.awaitExit(SOON)).isZero();
            assertThat(files.publishedPid()).isEqualTo(second);
            files.script("serve");
            files.restart(child, 3);
        }
    }

    @Test
    void aParentWhoseServersCannotAcceptAgainServesNeverthelessInThePlaceOfADeadOne() throws Exception {
        files.script("resumes-once");
        try (ChildJvm child = files.start(LONG_WINDOW, "127.0.0.1:0")) {
            long second = files.restart(child, 2);
            Signals.send(second, "KILL");
            files.awaitPublished(child.pid());
            files.script("serve");
            files.restart(child, 3);
            assertThat(ScriptedFiles.said(child, "3 listens on"))
                    .singleElement()
                    .asString()
                    .endsWith(" inherited");
        }
    }

    @Test
    void aServerThatNeverSaysThatItAcceptsAgainDoesNotHoldTheParentUp() throws Exception {
        files.script("resumes-once-then-hangs");
        try (ChildJvm child = files.start(LONG_WINDOW, "127.0.0.1:0")) {
            long second = files.restart(child, 2);
            Signals.send(second, "KILL");
            files.awaitPublished(child.pid());
            child.awaitLine(line -> line.contains("a server did not accept within 10s"), SOON);
        }
    }

    @Test
    void aParentThatWasFrozenDoesNotBlameItsSuccessor() throws Exception {
        try (ChildJvm child = files.start(LONG_WINDOW, "127.0.0.1:0")) {
            files.restart(child, 2);
            freeze(child.pid(), Duration.ofSeconds(8)); // Longer than a successor may take to answer.
            files.restart(child, 3);
            assertThat(child.lines()).noneMatch(line -> line.text().contains("accepts again"));
        }
    }

    @Test
    void aSuccessorThatDiesWhileItsParentIsFrozenBeyondTheUndoWindowIsUndone() throws Exception {
        try (ChildJvm child = files.start(Map.of("BATON_UNDO_WINDOW", "2s"), "127.0.0.1:0")) {
            long second = files.restart(child, 2);
            Signals.send(child.pid(), "STOP");
            Signals.send(second, "KILL");
            freeze(child.pid(), Duration.ofSeconds(3));
            files.awaitPublished(child.pid());
            assertThat(child.isAlive()).isTrue();
            files.restart(child, 3);
        }
    }

    @Test
    void aProgramThatFailsInTheUndoWindowIsUndone() throws Exception {
        Path gate = directory.resolve("gate");
        try (ChildJvm child = files.start(LONG_WINDOW, "127.0.0.1:0")) {
            files.script("fails-later " + gate);
            files.restart(child, 2);
            files.open(gate);
            files.awaitPublished(child.pid());
            awaitOnly(child, child.pid());
        }
    }

    @Test
    void aProgramThatFailsRightAfterReadyIsUndoneWhenItsParentHasParked() throws Exception {
        Path gate = directory.resolve("gate");
        files.script("parks-at " + gate);
        try (ChildJvm child = files.start(LONG_WINDOW, "127.0.0.1:0")) {
            files.script("fails-when-ready");
            Signals.send(child.pid(), "HUP");
            child.awaitLine(line -> line.contains("undo requested by Baton.close()"), SOON);
            files.open(gate);
            files.awaitPublished(child.pid());
            awaitOnly(child, child.pid());
        }
    }

    @Test
    void aProgramThatEndsWithoutWaitingForTheUndoThatItAskedForDoesNotStopTheService() throws Exception {
        try (ChildJvm child = files.start(LONG_WINDOW, "127.0.0.1:0")) {
            files.script("undoes-and-ends");
            Signals.send(child.pid(), "HUP");
            child.awaitLine(line -> line.contains("this generation accepts again"), SOON);
            awaitOnly(child, child.pid());
            assertThat(files.publishedPid()).isEqualTo(child.pid());
        }
    }

    @Test
    void aServerWhoseClassesAreGoneHoldsUpNeitherTheSwitchNorTheOthers() throws Exception {
        files.script("park-fails-to-load");
        try (ChildJvm child = files.start(Map.of("BATON_UNDO_WINDOW", "0"), "127.0.0.1:0")) {
            files.script("serve");
            files.restart(child, 2);
            assertThat(child.awaitExit(SOON)).isZero();
        }
    }

    @Test
    void aGrandparentThatIsFrozenDoesNotComeBackBesideTheOneThatGoesOn() throws Exception {
        Path gate = directory.resolve("gate");
        try (ChildJvm child = files.start(LONG_WINDOW, "127.0.0.1:0")) {
            long second = files.restart(child, 2);
            files.script("wait " + gate);
            Signals.send(second, "HUP");
            child.awaitLine("3 waits", SOON);
            Signals.send(child.pid(), "STOP");
            Signals.send(second, "KILL");
            child.awaitLine(line -> line.contains("generation 1") && line.endsWith("and is killed"), SOON);
            files.open(gate);
            child.awaitLine("3 ready", SOON);
            awaitOnly(child, files.publishedPid());
        }
    }

    @Test
    void theOldestGenerationIsToldToLeaveOnlyWhenTheNewOneIsGood() throws Exception {
        Map<String, String> options = Map.of(
                "BATON_UNDO_WINDOW", "0",
                "BATON_DRAIN_TIMEOUT", "0",
                "BATON_MAX_GENERATIONS", "1",
                "BATON_OLDEST_LEAVES_EARLY", "true");
        files.script("never-drains");
        try (ChildJvm child = files.start(options, "127.0.0.1:0")) {
            long second = files.restart(child, 2);
            files.script("crash");
            Signals.send(second, "HUP");
            child.awaitLine(line -> line.contains("restart failed") && line.contains("generation 3"), SOON);
            assertThat(child.isAlive()).isTrue();
            assertThat(child.lines()).noneMatch(line -> line.text().contains("told to leave"));
        }
    }
}
