package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Signals;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A pause of the whole machine ends no wait before its time: what is limited is what the other process takes. That no wait
 * depends on the wall clock is a rule of ArchitectureTest.
 */
class NoFalseTimeoutTest {
    private static final Duration SOON = Duration.ofSeconds(30);

    /** More than a successor needs to start, on a busy machine too. */
    private static final String LIMIT = "10s";

    private static final Duration PAUSE = Duration.ofSeconds(11);

    @TempDir
    private Path directory;

    private ScriptedFiles files;

    @BeforeEach
    void prepare() throws Exception {
        files = new ScriptedFiles(directory);
        files.script("serve");
    }

    @Test
    void aSuccessorIsNotBlamedForAPauseOfTheMachineBeforeItIsReady() throws Exception {
        Path gate = directory.resolve("gate");
        try (ChildJvm child = files.start(Map.of("BATON_READY_TIMEOUT", LIMIT), "127.0.0.1:0")) {
            files.script("wait " + gate);
            child.signal("HUP");
            child.awaitLine("2 waits", SOON);
            pause(child, () -> files.open(gate));
            child.awaitLine(line -> line.contains("switched to generation 2") || line.contains("serves on"), SOON);
            assertThat(files.publishedPid()).isNotEqualTo(child.pid());
        }
    }

    @Test
    void aReleaseIsNotUndoneForAPauseOfTheMachineInItsWindow() throws Exception {
        try (ChildJvm child = files.start(Map.of("BATON_UNDO_WINDOW", LIMIT), "127.0.0.1:0")) {
            long second = files.restart(child, 2);
            pause(child, () -> {});
            assertThat(child.awaitExit(SOON)).as("the parent commits and ends").isZero();
            assertThat(ProcFs.running(second)).isTrue();
            assertThat(files.publishedPid()).isEqualTo(second);
            assertThat(ScriptedFiles.said(child, "1 resume")).hasSize(1);
        }
    }

    private interface Meanwhile {
        void run() throws Exception;
    }

    /** Freezes all processes for a time, as a hypervisor does that moves a machine, and thaws them. */
    private static void pause(ChildJvm child, Meanwhile meanwhile) throws Exception {
        var frozen = child.processes();
        assertThat(frozen).hasSize(2);
        for (long pid : frozen) {
            Signals.send(pid, "STOP");
            Await.state("process " + pid + " is frozen", SOON, () -> ProcFs.stopped(pid));
        }
        meanwhile.run();
        CompletableFuture.runAsync(() -> {}, CompletableFuture.delayedExecutor(PAUSE.toMillis(), TimeUnit.MILLISECONDS))
                .join();
        for (long pid : frozen) {
            Signals.send(pid, "CONT");
        }
    }
}
