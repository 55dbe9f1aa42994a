package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Signals;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The way back after a switch, between real processes. */
class UndoTest {
    private static final Duration SOON = Duration.ofSeconds(30);

    /** Longer than any test. */
    private static final Map<String, String> LONG_WINDOW = Map.of("BATON_UNDO_WINDOW", "10m");

    @TempDir
    private Path directory;

    private ScriptedFiles files;

    @BeforeEach
    void prepare() throws Exception {
        files = new ScriptedFiles(directory);
        files.script("serve");
    }

    @Test
    void theParentServesAgainWhenItsSuccessorIsKilledAndTheNextRestartWorks() throws Exception {
        try (ChildJvm child = files.start(LONG_WINDOW, "127.0.0.1:0", "unix:" + directory.resolve("s"))) {
            long first = child.pid();
            long second = files.restart(child, 2);
            assertThat(second).isNotEqualTo(first);

            Signals.send(second, "KILL");
            files.awaitPublished(first);
            assertThat(ScriptedFiles.said(child, "1 "))
                    .containsSubsequence("1 resume", "1 park", "1 drain SUCCEEDED", "1 resume")
                    .doesNotContain("1 release");
            assertThat(directory.resolve("s")).exists();

            long third = files.restart(child, 3);
            assertThat(third).isNotIn(first, second);
            assertThat(ScriptedFiles.said(child, "3 listens on"))
                    .hasSize(2)
                    .allMatch(line -> line.endsWith(" inherited"));
        }
    }

    @Test
    void anUndoLetsTheParentAcceptFirstAndRetiresTheSuccessorGracefully() throws Exception {
        Path gate = directory.resolve("gate");
        try (ChildJvm child = files.start(LONG_WINDOW, "127.0.0.1:0")) {
            files.script("undoes " + gate);
            long second = files.restart(child, 2);
            Files.createFile(gate);
            child.awaitLine("2 done", SOON);
            files.awaitPublished(child.pid());
            assertThat(ScriptedFiles.said(child, "2 undo:"))
                    .containsExactly("2 undo: " + new UndoResult.Undone(1, child.pid()));
            List<String> lines = child.lines().stream().map(OutputLine::text).toList();
            assertThat(lines.lastIndexOf("1 resume")).isBetween(0, lines.indexOf("2 park"));
            assertThat(ScriptedFiles.said(child, "2 "))
                    .containsSubsequence("2 park", "2 release", "2 drain SUCCEEDED", "2 close", "2 done");
            Await.state("the undone one is gone and reaped", SOON, () -> !ProcFs.running(second));
            assertThat(ProcFs.running(child.pid())).isTrue();
        }
    }

    @Test
    void whatOnlyTheUndoneReleaseListenedOnIsGivenUpAndWhatItDroppedIsServedAgain() throws Exception {
        Path old = directory.resolve("old");
        Path added = directory.resolve("added");
        Path gate = directory.resolve("gate");
        try (ChildJvm child = files.start(LONG_WINDOW, "unix:" + old)) {
            files.script("undoes-on " + gate + " unix:" + added);
            files.restart(child, 2);
            assertThat(old).exists();
            assertThat(added).exists();
            Files.createFile(gate);
            child.awaitLine("2 done", SOON);
            assertThat(old).exists();
            assertThat(added).doesNotExist();
        }
    }

    @Test
    void aSuccessorThatExitsInTheUndoWindowIsUndone() throws Exception {
        Path gate = directory.resolve("gate");
        try (ChildJvm child = files.start(LONG_WINDOW, "127.0.0.1:0")) {
            files.script("exits-later " + gate);
            files.restart(child, 2);
            Files.createFile(gate);
            files.awaitPublished(child.pid());
            child.awaitLine(
                    line -> line.contains("generation 2") && line.contains("this generation accepts again"), SOON);
        }
    }

    @Test
    void theParentGivesItsListenersUpAndExitsWhenTheUndoWindowIsOver() throws Exception {
        try (ChildJvm child = files.start(Map.of("BATON_UNDO_WINDOW", "1s"), "127.0.0.1:0")) {
            long second = files.restart(child, 2);
            assertThat(child.awaitExit(SOON)).isZero();
            assertThat(ScriptedFiles.said(child, "1 "))
                    .containsSubsequence("1 park", "1 drain SUCCEEDED", "1 release", "1 done");
            assertThat(files.publishedPid()).isEqualTo(second);
            assertThat(ProcFs.running(second)).isTrue();
        }
    }

    @Test
    void aDrainThatIsOverdueIsNotCutBeforeTheUndoWindowIsOver() throws Exception {
        files.script("never-drains");
        try (ChildJvm child =
                files.start(Map.of("BATON_UNDO_WINDOW", "10m", "BATON_DRAIN_TIMEOUT", "200ms"), "127.0.0.1:0")) {
            long second = files.restart(child, 2);
            child.awaitLine(line -> line.contains("still open after the drain-timeout of 200ms"), SOON);
            Signals.send(second, "KILL");
            files.awaitPublished(child.pid());
            assertThat(ScriptedFiles.said(child, "1 close")).isEmpty();
        }
    }

    @Test
    void theNextSwitchEndsTheUndoWindowOfTheOneBefore() throws Exception {
        try (ChildJvm child = files.start(LONG_WINDOW, "127.0.0.1:0")) {
            long second = files.restart(child, 2);
            long third = files.restart(child, 3);
            assertThat(child.awaitExit(SOON)).isZero();
            assertThat(ProcFs.running(second)).isTrue();
            Signals.send(third, "KILL");
            files.awaitPublished(second);
        }
    }

    @Test
    void aStopOfTheServiceIsNoReasonToComeBack() throws Exception {
        try (ChildJvm child = files.start(LONG_WINDOW, "127.0.0.1:0")) {
            long second = files.restart(child, 2);
            Signals.send(second, "TERM");
            assertThat(child.awaitExit(SOON)).isZero();
            child.awaitAllGone(SOON);
            assertThat(ScriptedFiles.said(child, "1 resume")).hasSize(1);
            assertThat(files.pidFile()).doesNotExist();
        }
    }

    @Test
    void aSuccessorThatIsFrozenIsUndoneAndLeavesWhenItThaws() throws Exception {
        try (ChildJvm child = files.start(LONG_WINDOW, "127.0.0.1:0")) {
            long second = files.restart(child, 2);
            Signals.send(second, "STOP");
            files.awaitPublished(child.pid());
            child.awaitLine(line -> line.contains("does not answer: this generation accepts again"), SOON);
            Signals.send(second, "CONT");
            child.awaitLine("2 done", SOON);
        }
    }

    @Test
    void aSuccessorWhoseHealthCheckSaysNoIsUndone() throws Exception {
        Path unwell = directory.resolve("unwell");
        try (ChildJvm child =
                files.start(Map.of("BATON_UNDO_WINDOW", "10m", "BATON_HEALTH_INTERVAL", "50ms"), "127.0.0.1:0")) {
            files.script("unwell " + unwell);
            files.restart(child, 2);
            Files.createFile(unwell);
            child.awaitLine("2 done", SOON);
            child.awaitLine(line -> line.contains("says that it is not healthy"), SOON);
            files.awaitPublished(child.pid());
        }
    }

    @Test
    void aSuccessorThatDoesNotAnswerTheHealthUrlIsUndone() throws Exception {
        try (ChildJvm child = files.start(
                Map.of(
                        "BATON_UNDO_WINDOW", "10m",
                        "BATON_HEALTH_INTERVAL", "50ms",
                        "BATON_HEALTH_URL", "http://127.0.0.1:1/health"),
                "127.0.0.1:0")) {
            Signals.send(files.publishedPid(), "HUP");
            child.awaitLine("2 done", SOON);
            child.awaitLine(line -> line.contains("does not answer http://127.0.0.1:1/health"), SOON);
            files.awaitPublished(child.pid());
        }
    }

    /** Parent and grandchild both see the death; the one that is proven serves, and the other leaves. */
    @Test
    void theGrandparentServesAgainWhenItsSuccessorIsKilledDuringTheNextRestart() throws Exception {
        Path gate = directory.resolve("gate");
        try (ChildJvm child = files.start(LONG_WINDOW, "127.0.0.1:0")) {
            long second = files.restart(child, 2);
            files.script("wait " + gate);
            Signals.send(second, "HUP");
            child.awaitLine("3 waits", SOON);
            Signals.send(second, "KILL");
            files.awaitPublished(child.pid());
            Files.createFile(gate);
            child.awaitLine(line -> line.contains("the generation before it serves again"), SOON);
            Await.state("only the first is left", SOON, () -> child.processes().equals(List.of(child.pid())));
            assertThat(ScriptedFiles.said(child, "3 resume")).isEmpty();
        }
    }

    @Test
    void moreOldGenerationsThanAllowedRefuseARestartAndSayWhichOneDrains() throws Exception {
        Map<String, String> options =
                Map.of("BATON_UNDO_WINDOW", "0", "BATON_DRAIN_TIMEOUT", "0", "BATON_MAX_GENERATIONS", "1");
        files.script("never-drains");
        try (ChildJvm child = files.start(options, "127.0.0.1:0")) {
            files.restart(child, 2);
            Signals.send(files.publishedPid(), "HUP");
            child.awaitLine(
                    line -> line.contains("max-generations is reached: generation 1 (pid " + child.pid() + ")"), SOON);
            assertThat(ScriptedFiles.said(child, "3 ")).isEmpty();
        }
    }

    @Test
    void theOldestGenerationLeavesEarlyIfThatIsTheOption() throws Exception {
        Map<String, String> options = Map.of(
                "BATON_UNDO_WINDOW", "0",
                "BATON_DRAIN_TIMEOUT", "0",
                "BATON_MAX_GENERATIONS", "1",
                "BATON_OLDEST_LEAVES_EARLY", "true");
        files.script("never-drains");
        try (ChildJvm child = files.start(options, "127.0.0.1:0")) {
            long second = files.restart(child, 2);
            files.restart(child, 3);
            assertThat(child.awaitExit(SOON)).isZero();
            child.awaitLine(line -> line.contains("generation 1 drained") && line.contains("requests cut: 7"), SOON);
            assertThat(ProcFs.running(second)).isTrue();
        }
    }
}
