package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Errno;
import dev.baton.posix.Messages;
import dev.baton.posix.PosixException;
import dev.baton.posix.Sockets;
import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.ProcFs;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The handoff between real processes, seen from outside: what each generation says, the pid file, and /proc. */
class RestartTest {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String GAVE_UP = "gave up (cannot accept: ";

    @TempDir
    private Path directory;

    private ScriptedFiles files;

    @BeforeEach
    void prepare() throws Exception {
        files = new ScriptedFiles(directory);
        files.script("serve");
    }

    private ChildJvm start(String... listeners) throws Exception {
        return start(_ -> {}, listeners);
    }

    private ChildJvm start(Consumer<ChildJvm.Builder> more, String... listeners) throws Exception {
        return files.start(
                builder -> {
                    builder.environment("BATON_UNDO_WINDOW", "0"); // A parent that has drained exits.
                    more.accept(builder);
                },
                listeners);
    }

    private static void kill(long pid, String signal) throws Exception {
        dev.baton.testkit.Signals.send(pid, signal);
    }

    private void hup() throws Exception {
        kill(files.publishedPid(), "HUP");
    }

    @Test
    void aRestartHandsTheListenersOverAndTheOldProcessExitsWithZero() throws Exception {
        try (ChildJvm first = start("127.0.0.1:0", "[::1]:0", "unix:" + directory.resolve("s"))) {
            long oldPid = files.publishedPid();
            assertThat(oldPid).isEqualTo(first.pid());
            var inodes = ProcFs.listenerInodes(oldPid);
            hup();
            first.awaitLine("2 ready", SOON);
            assertThat(first.awaitExit(SOON)).isZero();

            long newPid = files.publishedPid();
            assertThat(newPid).isNotEqualTo(oldPid);
            assertThat(ProcFs.listenerInodes(newPid)).hasSize(4);
            inodes.retainAll(ProcFs.listenerInodes(newPid));
            assertThat(inodes).as("all but the control socket").hasSize(3);
            assertThat(said(first, "2 listens on")).hasSize(3).allMatch(line -> line.endsWith(" inherited"));
            assertThat(said(first, "1 "))
                    .containsSubsequence(
                            "1 resume", "1 ready", "1 park", "1 drain SUCCEEDED", "1 release", "1 close", "1 done");
            assertThat(directory.resolve("s")).exists();

            kill(newPid, "TERM");
            first.awaitLine("2 done", SOON);
            first.awaitAllGone(SOON);
            assertThat(said(first, "2 ")).containsSubsequence("2 park", "2 release", "2 drain STOPPED", "2 close");
            assertThat(files.pidFile()).doesNotExist();
            assertThat(directory.resolve("s")).doesNotExist();
            assertThat(directory.resolve("run")).isEmptyDirectory();
        }
    }

    @Test
    void theSuccessorAcceptsBeforeTheParentParks() throws Exception {
        try (ChildJvm child = start("127.0.0.1:0")) {
            hup();
            child.awaitLine("1 park", SOON);
            List<String> lines = child.lines().stream().map(OutputLine::text).toList();
            assertThat(lines.indexOf("2 resume")).isBetween(0, lines.indexOf("1 park"));
        }
    }

    @Test
    void aSuccessorThatFailsChangesNothingAndTheNextRestartWorks() throws Exception {
        try (ChildJvm child = start("127.0.0.1:0")) {
            long pid = files.publishedPid();
            expectFailure(child, "crash-at-once", "ended with exit status 1");
            expectFailure(child, "crash", "ended with exit status 1");
            expectFailure(child, "exit 0", "ended with exit status 0");
            expectFailure(child, "exit 3", "ended with exit status 3");
            expectFailure(child, "listen 192.0.2.1:80", "ended with exit status 1");
            expectFailure(
                    child,
                    "cannot-accept",
                    GAVE_UP + "java.io.IOException: no descriptor is left) and ended with exit status 1");
            expectFailure(
                    child,
                    "throws-at-resume",
                    GAVE_UP + "java.lang.IllegalStateException: thrown by resume) and ended with exit status 1");
            expectFailure(child, "exit -1", "ended with exit status 255");
            assertThat(files.publishedPid()).isEqualTo(pid);
            assertThat(said(child, "1 "))
                    .as("the participant was never disturbed")
                    .containsExactly(
                            said(child, "1 started").getFirst(),
                            said(child, "1 listens").getFirst(),
                            "1 resume",
                            "1 ready");

            files.script("serve");
            hup();
            child.awaitLine("2 ready", SOON);
            child.awaitExit(SOON);
        }
    }

    @Test
    void aSuccessorThatHangsIsKilledAndTheNextRestartWorks() throws Exception {
        // Long enough for a JVM to start on a busy machine: the next restart has to be in time.
        try (ChildJvm child = start(b -> b.environment("BATON_READY_TIMEOUT", "10s"), "127.0.0.1:0")) {
            expectFailure(child, "hang", "was not ready within 10s and was killed");
            files.script("serve");
            hup();
            child.awaitLine("2 ready", SOON);
        }
    }

    private void expectFailure(ChildJvm child, String words, String reason) throws Exception {
        files.script(words);
        int mark = child.mark();
        hup();
        String line = child.awaitLineAfter(mark, "restart failed", text -> text.contains("restart failed"), SOON)
                .text();
        assertThat(line)
                .matches(".*restart failed after \\d+ ms: generation 2 \\(pid \\d+\\) " + Pattern.quote(reason)
                        + "; generation 1 serves on(; it said last: .+)?");
        Matcher successor = Pattern.compile("pid (\\d+)").matcher(line);
        assertThat(successor.find()).isTrue();
        long pid = Long.parseLong(successor.group(1));
        Await.state(
                "the failed successor is gone and reaped",
                SOON,
                () -> !ProcFs.running(pid) && ProcFs.zombieChildren(child.pid()).isEmpty());
    }

    @Test
    void manySignalsDuringOneRestartStartOneSuccessor() throws Exception {
        try (ChildJvm child = start("127.0.0.1:0")) {
            for (int i = 0; i < 20; i++) {
                kill(child.pid(), "HUP");
            }
            child.awaitLine("2 ready", SOON);
            child.awaitExit(SOON);
            assertThat(said(child, "2 started")).hasSize(1);
            assertThat(child.processes()).hasSize(1);
        }
    }

    @Test
    void threeHundredListenersSurviveOneHandoff() throws Exception {
        String[] listeners = new String[300];
        for (int i = 0; i < listeners.length; i++) {
            listeners[i] =
                    i % 3 == 0 ? "unix:" + directory.resolve("s" + i) : "127.0." + i / 250 + "." + (1 + i % 250) + ":0";
        }
        try (ChildJvm child = start(listeners)) {
            var before = ProcFs.listenerInodes(child.pid());
            assertThat(before).hasSize(301); // and the control socket
            hup();
            child.awaitLine("2 ready", SOON);
            child.awaitExit(SOON);
            var after = ProcFs.listenerInodes(files.publishedPid());
            assertThat(after).hasSize(301);
            before.retainAll(after);
            assertThat(before).hasSize(300);
            assertThat(said(child, "2 listens on")).hasSize(300).allMatch(line -> line.endsWith(" inherited"));
        }
    }

    @Test
    void aDrainThatDoesNotEndIsCutAtItsTimeout() throws Exception {
        files.script("never-drains");
        try (ChildJvm child = start(b -> b.environment("BATON_DRAIN_TIMEOUT", "300ms"), "127.0.0.1:0")) {
            hup();
            child.awaitLine(line -> line.contains("requests cut: 7"), SOON);
            assertThat(child.awaitExit(SOON)).isZero();
        }
    }

    @Test
    void aServerThatThrowsWhileItLeavesDelaysNothing() throws Exception {
        files.script("throws-when-leaving");
        try (ChildJvm child = start("127.0.0.1:0")) {
            hup();
            child.awaitLine(line -> line.contains("thrown by park"), SOON);
            child.awaitLine(line -> line.contains("thrown by release"), SOON);
            assertThat(child.awaitExit(SOON)).isZero();
            assertThat(said(child, "1 drain SUCCEEDED")).hasSize(1);
        }
    }

    @Test
    void aStopThatComesTooLateToKillTheSuccessorIsObeyedWhenThatFails() throws Exception {
        try (ChildJvm child = start("127.0.0.1:0")) {
            files.script("never-accepts");
            hup();
            child.awaitLine("2 resume", SOON);
            child.signal("TERM");
            String ready = child.awaitLine(line -> line.contains("is ready after"), SOON)
                    .text();
            Matcher successor = Pattern.compile("pid (\\d+)").matcher(ready);
            assertThat(successor.find()).isTrue();
            kill(Long.parseLong(successor.group(1)), "KILL");
            assertThat(child.awaitExit(SOON)).isZero();
            assertThat(said(child, "1 drain STOPPED")).hasSize(1);
            assertThat(files.pidFile()).doesNotExist();
        }
    }

    @Test
    void askingTwiceForAStopIsNoHurry() throws Exception {
        files.script("stops-itself-twice");
        try (ChildJvm child = start(b -> b.environment("BATON_DRAIN_TIMEOUT", "300ms"), "127.0.0.1:0")) {
            assertThat(child.awaitExit(SOON)).isZero();
            child.awaitLine(line -> line.contains("still open after the drain-timeout of 300ms"), SOON);
        }
    }

    @Test
    void strangersAtTheControlSocketDisturbNothing() throws Exception {
        try (ChildJvm child = start("127.0.0.1:0")) {
            Path control = directory.resolve("run/" + child.pid() + ".sock");
            for (byte[] message : List.of(
                    new byte[] {1},
                    new byte[Frame.MAX_BYTES],
                    Frame.of(Frame.Type.READY).encode())) {
                int socket = Sockets.unix(Sockets.Type.SEQPACKET);
                Sockets.connect(socket, UnixDomainSocketAddress.of(control));
                int[] gifts = {socket, socket};
                Messages.send(socket, message, gifts, true);
                // The answer is a refusal or nothing, and then the end; a reset if the message was not read whole.
                Sockets.setTimeout(socket, SOON);
                while (!isOver(socket)) {}
                Descriptors.close(socket);
            }
            Await.state(
                    "what strangers sent is closed",
                    SOON,
                    () -> ProcFs.socketInodes(child.pid()).size()
                            == ProcFs.listenerInodes(child.pid()).size());
            hup();
            child.awaitLine("2 ready", SOON);
        }
    }

    private static boolean isOver(int socket) throws Exception {
        try {
            return Messages.receive(socket, Frame.MAX_BYTES).isEndOfStream();
        } catch (PosixException e) {
            return e.errno() == Errno.ECONNRESET;
        }
    }

    @Test
    void aSecondTermEndsAtOnce() throws Exception {
        files.script("never-drains");
        try (ChildJvm child = start("127.0.0.1:0")) {
            child.signal("TERM");
            child.awaitLine("1 drain STOPPED", SOON);
            child.signal("TERM");
            assertThat(child.awaitExit(SOON)).isEqualTo(143);
            assertThat(files.pidFile()).doesNotExist();
        }
    }

    @Test
    void aStopDuringARestartKillsTheSuccessorAndEnds() throws Exception {
        try (ChildJvm child = start("127.0.0.1:0")) {
            files.script("hang");
            hup();
            child.awaitLine("2 started", SOON);
            child.signal("TERM");
            assertThat(child.awaitExit(SOON)).isZero();
            child.awaitAllGone(SOON);
            assertThat(files.pidFile()).doesNotExist();
        }
    }

    @Test
    void theSuccessorOfAKilledParentFinishesItsStartAndServes() throws Exception {
        try (ChildJvm child = start("127.0.0.1:0")) {
            Path gate = directory.resolve("gate");
            files.script("wait " + gate);
            hup();
            child.awaitLine("2 waits", SOON);
            kill(child.pid(), "KILL");
            child.awaitExit(SOON);
            Files.createFile(gate);
            child.awaitLine("2 ready", SOON);
            assertThat(said(child, "2 resume")).hasSize(1);
            assertThat(files.publishedPid()).isEqualTo(child.processes().getFirst());
            files.script("serve");
            hup();
            child.awaitLine("3 ready", SOON);
        }
    }

    @Test
    void staleVariablesMeanAPlainStart() throws Exception {
        try (ChildJvm child = start(
                b -> b.environment("BATON_HANDOFF_SOCKET", "/nonexistent/1.sock")
                        .environment("BATON_HANDOFF_TOKEN", "00"),
                "127.0.0.1:0")) {
            assertThat(child.awaitLine(line -> line.contains("a plain start"), SOON)
                            .text())
                    .contains("nobody is there");
        }
    }

    @Test
    void aForeignTokenIsRefusedAndGetsNoListener() throws Exception {
        try (ChildJvm child = start("127.0.0.1:0")) {
            Path other = directory.resolve("other-pid");
            try (ChildJvm stranger = start(
                    b -> b.environment(
                                    "BATON_HANDOFF_SOCKET",
                                    directory
                                            .resolve("run/" + child.pid() + ".sock")
                                            .toString())
                            .environment("BATON_HANDOFF_TOKEN", "0".repeat(32))
                            .environment("BATON_PID_FILE", other.toString()),
                    "127.0.0.1:0")) {
                stranger.awaitLine(line -> line.contains("refuses the handoff"), SOON);
                assertThat(said(stranger, "1 listens on")).allMatch(line -> line.endsWith(" bound"));
            }
            hup();
            child.awaitLine("2 ready", SOON);
        }
    }

    @Test
    void descriptorsEnvironmentAndCommandLineDoNotGrow() throws Exception {
        try (ChildJvm child = start("127.0.0.1:0", "unix:" + directory.resolve("s"))) {
            hup();
            child.awaitLine("2 ready", SOON);
            child.awaitExit(SOON);
            long second = files.publishedPid();
            int descriptors = ProcFs.descriptors(second).size();
            int environment = ProcFs.environmentSize(second);
            List<String> commandLine = ProcFs.commandLine(second);
            for (int generation = 3; generation <= 8; generation++) {
                long old = files.publishedPid();
                hup();
                child.awaitLine(generation + " ready", SOON);
                Await.state("the old process is gone", SOON, () -> !ProcFs.running(old));
            }
            long last = files.publishedPid();
            assertThat(ProcFs.descriptors(last)).hasSize(descriptors);
            // The name of the control socket has the pid in it, which may have more digits.
            assertThat(ProcFs.environmentSize(last)).isBetween(environment - 8, environment + 8);
            assertThat(ProcFs.commandLine(last)).isEqualTo(commandLine);
            assertThat(child.processes()).containsExactly(last);
        }
    }

    @Test
    void aHelperOfTheApplicationInheritsNeitherSocketsNorHandoffVariables() throws Exception {
        files.script("helper");
        try (ChildJvm child = start("127.0.0.1:0", "unix:" + directory.resolve("s"))) {
            hup();
            child.awaitLine("2 ready", SOON);
            child.awaitExit(SOON);
            assertThat(said(child, "helper env HELPER=1"))
                    .as("one helper in each generation")
                    .hasSize(2);
            assertThat(said(child, "helper ")).noneMatch(line -> line.contains("BATON_HANDOFF"));
            assertThat(said(child, "helper fd ")).noneMatch(line -> line.contains("socket:"));
        }
    }

    private static List<String> said(ChildJvm child, String prefix) {
        return child.lines().stream()
                .map(OutputLine::text)
                .filter(line -> line.startsWith(prefix))
                .toList();
    }
}
