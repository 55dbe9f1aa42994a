package dev.baton.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ChildJvmTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    /** Prints its pid and lives on; told "succeed" it starts a successor and exits at once, as a restart does. */
    static final class Program {
        private Program() {}

        public static void main(String[] arguments) throws Exception {
            if (arguments.length > 0 && arguments[0].equals("succeed")) {
                Process successor = new ProcessBuilder(
                                System.getProperty("java.home") + "/bin/java",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Program.class.getName())
                        .inheritIO()
                        .start();
                System.err.println("successor " + successor.pid());
                System.exit(3);
            }
            System.out.println("here " + ProcessHandle.current().pid());
            Thread.sleep(Duration.ofMinutes(1));
        }
    }

    @Test
    void theOutputOfASuccessorIsHeardAfterItsParentHasGone() throws Exception {
        try (ChildJvm child = ChildJvm.of(Program.class).arguments("succeed").start()) {
            long successor = pidIn(child.awaitLine("successor ", SOON));
            assertThat(child.awaitExit(SOON)).isEqualTo(3);
            assertThat(pidIn(child.awaitLine("here ", SOON))).isEqualTo(successor);
            assertThat(child.processes()).containsExactly(successor);
        }
    }

    @Test
    void closeKillsTheSuccessorsToo() throws Exception {
        long successor;
        try (ChildJvm child = ChildJvm.of(Program.class).arguments("succeed").start()) {
            successor = pidIn(child.awaitLine("here ", SOON));
        }
        assertThat(ProcFs.running(successor)).isFalse();
    }

    @Test
    void theSignalThatEndedAProcessShowsInItsExitStatus() throws Exception {
        try (ChildJvm child = ChildJvm.of(Program.class).start()) {
            child.awaitLine("here ", SOON);
            child.signal("TERM");
            assertThat(child.awaitExit(SOON)).isEqualTo(128 + 15);
            child.awaitAllGone(SOON);
        }
    }

    @Test
    void aLineThatDoesNotComeFailsWithTheLinesThatCame() throws Exception {
        try (ChildJvm child = ChildJvm.of(Program.class).arguments("succeed").start()) {
            child.awaitLine("here ", SOON);
            child.awaitLine("successor ", SOON);
            assertThatThrownBy(() -> child.awaitLine("never", Duration.ofMillis(50)))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("'never'")
                    .hasMessageContaining("err| successor")
                    .hasMessageContaining("out| here");
        }
    }

    @Test
    @Timeout(30)
    void aLineIsNotAwaitedAfterTheLastProcessHasGone() throws Exception {
        try (ChildJvm child = ChildJvm.of(Program.class).start()) {
            child.awaitLine("here ", SOON);
            child.signal("KILL");
            assertThatThrownBy(() -> child.awaitLine("never", Duration.ofMinutes(10)))
                    .hasMessageContaining("the output ended");
        }
    }

    @Test
    void anUnknownPidCannotBeSignalled() {
        assertThatThrownBy(() -> Signals.send(Integer.MAX_VALUE, "HUP"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("kill -HUP");
    }

    @Test
    void nohupShowsInTheIgnoredSignals() throws Exception {
        try (ChildJvm plain = ChildJvm.of(Program.class).start();
                ChildJvm nohup = ChildJvm.of(Program.class).startedBy("nohup").start()) {
            plain.awaitLine("here ", SOON);
            nohup.awaitLine("here ", SOON);
            // As this JVM, which may have been started with nohup itself.
            assertThat(ProcFs.ignoresSignal(plain.pid(), 1))
                    .isEqualTo(ProcFs.ignoresSignal(ProcessHandle.current().pid(), 1));
            assertThat(ProcFs.ignoresSignal(nohup.pid(), 1)).isTrue();
            assertThat(ProcFs.commandLine(nohup.pid())).endsWith(Program.class.getName());
            assertThat(ProcFs.environment(nohup.pid())).containsKey(ChildJvm.MARKER);
            assertThat(ProcFs.parent(nohup.pid()))
                    .isEqualTo(ProcessHandle.current().pid());
            assertThat(ProcFs.children(ProcessHandle.current().pid())).contains(plain.pid(), nohup.pid());
            assertThat(ProcFs.zombieChildren(ProcessHandle.current().pid())).isEmpty();
        }
    }

    private static long pidIn(OutputLine line) {
        return Long.parseLong(line.text().substring(line.text().indexOf(' ') + 1));
    }
}
