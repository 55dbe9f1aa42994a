package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.ProcFs;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The parent dies, or is frozen, in the middle of a handoff. RestartTest has the simplest case. */
class LostParentTest {
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    private ScriptedFiles files;
    private Path gate;

    @BeforeEach
    void prepare() {
        files = new ScriptedFiles(directory);
        gate = directory.resolve("gate");
    }

    private ChildJvm start(String words) throws Exception {
        files.script(words);
        return files.start(Map.of("BATON_UNDO_WINDOW", "0"), "127.0.0.1:0");
    }

    private static InetSocketAddress address(ChildJvm child) throws Exception {
        String line = child.awaitLine("1 listens on /127.0.0.1:", SOON).text();
        return new InetSocketAddress("127.0.0.1", Integer.parseInt(line.split("[: ]", 0)[4]));
    }

    private static boolean has(ChildJvm child, String line) {
        return child.lines().stream().map(OutputLine::text).anyMatch(line::equals);
    }

    private void nextRestartWorks(ChildJvm child, int generation) throws Exception {
        files.script("serve");
        long old = files.publishedPid();
        assertThat(files.restartToTheEnd(child, generation)).isNotEqualTo(old);
    }

    @Test
    void aParentThatDiesInTheMiddleOfTheHandoffLeavesTheListenersThatHadCome() throws Exception {
        try (ChildJvm child = start("offers " + gate)) {
            Set<Long> listeners = ProcFs.listenerInodes(child.pid());
            files.script("serve");
            child.signal("HUP");
            child.awaitLine("1 is asked for its state", SOON);
            int mark = child.mark();
            try (Socket waiting = new Socket()) {
                waiting.connect(address(child));
                child.signal("KILL");
                child.awaitLine(line -> line.contains("has died in the middle of the handoff"), SOON);
                child.awaitLineAfter(mark, "it serves", "1 ready"::equals, SOON);
                long second = files.publishedPid();
                assertThat(second).isNotEqualTo(child.pid());
                listeners.retainAll(ProcFs.listenerInodes(second));
                assertThat(listeners).as("the listener with its queue").hasSize(1);
                nextRestartWorks(child, 2);
            }
        }
    }

    @Test
    void aParentThatDiesFrozenBetweenReadyAndTheSwitchIsSucceeded() throws Exception {
        try (ChildJvm child = start("serve")) {
            Set<Long> listeners = ProcFs.listenerInodes(child.pid());
            files.script("wait " + gate);
            child.signal("HUP");
            child.awaitLine("2 waits", SOON);
            child.signal("STOP");
            Files.createFile(gate);
            try (Socket waiting = new Socket()) {
                waiting.connect(address(child));
                assertThat(has(child, "2 resume")).as("it accepts untold").isFalse();
                child.signal("KILL");
                child.awaitLine("2 ready", SOON);
                listeners.retainAll(ProcFs.listenerInodes(files.publishedPid()));
                assertThat(listeners).as("the listener with its queue").hasSize(1);
                nextRestartWorks(child, 3);
            }
        }
    }

    @Test
    void aParentThatIsFrozenBeforeItAnswersIsGivenUpAndServesOnWhenItThaws() throws Exception {
        try (ChildJvm child = start("serve")) {
            files.script("gate " + gate);
            child.signal("HUP");
            child.awaitLine("at the gate", SOON);
            child.signal("STOP");
            Files.createFile(gate);
            long first = child.pid();
            Await.state("the successor has ended", SOON, () -> running(child).equals(List.of(first)));
            child.signal("CONT");
            String line = child.awaitLine(text -> text.contains("restart failed after"), SOON)
                    .text();
            assertThat(line)
                    .contains("ended with exit status 1; generation 1 serves on; it said last: ")
                    .contains("HandoffException: the handoff from the parent failed: it said nothing in time");
            nextRestartWorks(child, 2);
        }
    }

    /** A frozen parent cannot reap: its zombie child has no environment by which it could be found. */
    private static List<Long> running(ChildJvm child) {
        return child.processes().stream().filter(ProcFs::running).toList();
    }

    @Test
    void aParentThatDiesWhileItDrainsIsNoticedAtOnce() throws Exception {
        try (ChildJvm child = start("never-drains")) {
            files.script("serve");
            child.signal("HUP");
            child.awaitLine("2 ready", SOON);
            child.awaitLine("1 drain SUCCEEDED", SOON);
            long second = files.publishedPid();
            child.signal("KILL");
            child.awaitLine("the parent (pid " + child.pid() + ") has ended", SOON);
            assertThat(files.publishedPid()).isEqualTo(second);
            nextRestartWorks(child, 3);
        }
    }
}
