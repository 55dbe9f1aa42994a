package dev.baton.system;

import static dev.baton.system.Supervised.SOON;
import static dev.baton.system.Supervised.run;
import static dev.baton.system.Supervised.shell;
import static dev.baton.system.Supervised.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.ProcFs;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code baton run} makes of a command, of signals, and of bad input. */
class RunCommandTest {
    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({"exit 0, 0", "exit 7, 7", "kill -KILL $$, 137", "kill -TERM $$, 143"})
    void aProgramThatNeverServedEndsItWithItsStatus(String script, int status) throws Exception {
        try (ChildJvm child = shell(directory, script).start()) {
            assertThat(child.awaitExit(SOON)).isEqualTo(status);
            assertThat(text(child)).singleElement().asString().endsWith("has ended with status " + status);
        }
    }

    @Test
    void aCommandThatIsMissingIsNamed() throws Exception {
        assertRefused(run(directory, "no-such-command", "-x"), 127, "cannot run no-such-command", "in PATH");
    }

    @Test
    void aCommandThatIsNoProgramIsNamed() throws Exception {
        Path file = Files.writeString(directory.resolve("data"), "data");
        assertRefused(run(directory, "--", file.toString()), 126, "cannot run " + file, "may execute");
    }

    @Test
    void noCommandIsSaid() throws Exception {
        assertRefused(run(directory), 2, "COMMAND", "see baton run --help");
    }

    @Test
    void anAddressThatIsNoneIsNamed() throws Exception {
        assertRefused(run(directory, "--admin", "nonsense", "--", "true"), 2, "--admin", "nonsense");
        assertRefused(run(directory, "--admin", "unix:/x", "--", "true"), 2, "--admin", "write HOST:PORT");
    }

    @Test
    void anAdminAddressInUseIsNamedBeforeTheProgramIsStarted() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String address = "127.0.0.1:" + taken.getLocalPort();
            assertRefused(
                    run(directory, "--admin", address, "--", "touch", "started"), 2, "cannot listen on " + address);
            assertThat(directory.resolve("started")).doesNotExist();
        }
    }

    private static void assertRefused(ChildJvm.Builder command, int status, String... message) throws Exception {
        try (ChildJvm child = command.start()) {
            assertThat(child.awaitExit(SOON)).isEqualTo(status);
            assertThat(text(child))
                    .singleElement()
                    .asString()
                    .startsWith("baton run: ")
                    .contains(message);
        }
    }

    private static final String TRAPS =
            "trap 'echo got usr1' USR1; trap 'echo got usr2' USR2; trap 'echo got hup' HUP; echo up;"
                    + " while :; do sleep 0.02; done";

    @Test
    void signalsComeToTheProgramAndItsStatusIsTheResult() throws Exception {
        try (ChildJvm child =
                shell(directory, "trap 'exit 9' TERM; " + TRAPS, "--no-agent").start()) {
            child.awaitLine("up", SOON);
            for (String signal : List.of("USR1", "USR2", "HUP")) {
                child.signal(signal);
                child.awaitLine("got " + signal.toLowerCase(java.util.Locale.ROOT), SOON);
            }
            child.signal("TERM");
            assertThat(child.awaitExit(SOON)).isEqualTo(9);
        }
    }

    @Test
    void aHangupComesToTheProgramUnderNohupToo() throws Exception {
        try (ChildJvm child =
                shell(directory, TRAPS, "--no-agent").startedBy("nohup").start()) {
            child.awaitLine("up", SOON);
            child.signal("HUP");
            child.awaitLine("got hup", SOON);
        }
    }

    @Test
    void aHangupBeforeTheProgramServesIsRefusedWithALine() throws Exception {
        try (ChildJvm child = shell(directory, TRAPS).start()) {
            child.awaitLine("up", SOON);
            child.signal("HUP");
            child.awaitLine("SIGHUP restarts a service that serves", SOON);
            child.signal("INT");
            child.awaitExit(SOON);
            assertThat(text(child)).doesNotContain("got hup");
        }
    }

    @Test
    void aSecondSignalKillsWhatDoesNotStopWithItsDescendants() throws Exception {
        try (ChildJvm child = shell(directory, "trap '' TERM; (trap '' TERM; sleep 600) & " + TRAPS)
                .start()) {
            child.awaitLine("up", SOON);
            child.signal("TERM");
            // Two that are pending at once are one: signal(7).
            child.awaitLine("stopping", SOON);
            child.signal("TERM");
            assertThat(child.awaitExit(SOON)).isEqualTo(137);
            child.awaitAllGone(SOON);
        }
    }

    @Test
    void whatDoesNotStopInTimeIsKilled() throws Exception {
        try (ChildJvm child = shell(directory, "trap '' TERM; " + TRAPS, "--stop-timeout", "500ms")
                .start()) {
            child.awaitLine("up", SOON);
            child.signal("TERM");
            assertThat(child.awaitExit(SOON)).isEqualTo(137);
            assertThat(text(child)).anyMatch(line -> line.contains("has not ended within"));
        }
    }

    @Test
    void theAgentIsAddedToWhatTheVariableHoldsAndTheSupervisorIsNotConcerned() throws Exception {
        try (ChildJvm child = shell(directory, "echo \"[$JAVA_TOOL_OPTIONS]\"; echo \"store $FDSTORE\"")
                .environment("JAVA_TOOL_OPTIONS", "-Dx=y")
                .start()) {
            assertThat(child.awaitExit(SOON)).isZero();
            List<String> lines = text(child);
            assertThat(lines)
                    .contains("[-Dx=y -javaagent:" + UnmodifiedServer.batonJar() + "]")
                    .contains("store 64");
            assertThat(lines).filteredOn(line -> line.startsWith("Picked up")).hasSize(1);
        }
        try (ChildJvm child = shell(directory, "echo \"[$JAVA_TOOL_OPTIONS]\"", "--no-agent")
                .environment("JAVA_TOOL_OPTIONS", "-Dx=y")
                .start()) {
            assertThat(text(child)).contains("[-Dx=y]");
        }
    }

    @Test
    void wordsAndVariablesComeToTheProgramAsTheyAreAlsoWithoutALocale() throws Exception {
        try (ChildJvm child = run(directory, "--", "printenv", "GRU\u00df")
                .environment("LC_ALL", "C")
                .environment("GRU\u00df", "f\u00fcr \u4f60")
                .start()) {
            assertThat(child.awaitExit(SOON)).isZero();
            assertThat(text(child)).contains("f\u00fcr \u4f60");
        }
        try (ChildJvm child =
                run(directory, "--", "echo", "@missing", "", "--help", "--").start()) {
            assertThat(text(child)).contains("@missing  --help --");
        }
    }

    @Test
    void orphansAreAdoptedAndReaped() throws Exception {
        // The fourth field of proc_pid_stat(5) is the parent.
        String orphan = "(sh -c 'sleep 0.3; read -r _ _ _ parent _ < /proc/$$/stat; echo orphan of $parent' &); ";
        try (ChildJvm child = shell(directory, orphan + TRAPS).start()) {
            child.awaitLine("orphan of " + child.pid(), SOON);
            Await.state(
                    "the orphan is reaped",
                    SOON,
                    () -> ProcFs.children(child.pid()).size() == 1);
            assertThat(ProcFs.zombieChildren(child.pid())).isEmpty();
        }
    }

    @Test
    void probesFollowTheService() throws Exception {
        int port = UnmodifiedServer.freePort();
        int admin = UnmodifiedServer.freePort();
        try (ChildJvm child = run(directory, "--no-agent", "--admin", "127.0.0.1:" + admin, "--")
                .arguments("sh", "-c", "read x < go; exec \"$@\"", "sh")
                .arguments(Supervised.storing(port))
                .startedBy("sh", "-c", "mkfifo go; exec \"$@\"", "sh")
                .start()) {
            Await.state("it answers", SOON, () -> probe(admin, "/livez") == 200);
            assertThat(probe(admin, "/readyz")).isEqualTo(503);
            assertThat(probe(admin, "/metrics")).isEqualTo(404);
            Files.writeString(directory.resolve("go"), "\n");
            Await.state("it is ready", SOON, () -> probe(admin, "/readyz") == 200);
            System.out.println("baton run with --admin: " + ProcFs.residentKibibytes(child.pid()) + " KiB resident, "
                    + ProcFs.privateKibibytes(child.pid()) + " KiB of them private");
            assertThat(ProcFs.residentKibibytes(child.pid())).isLessThan(60_000);

            Supervised.awaitReady(child, 0);
            dev.baton.testkit.Signals.send(Supervised.lastReady(child), "KILL");
            // The next life waits for a second line in the pipe.
            Await.state("it is not ready", SOON, () -> probe(admin, "/readyz") == 503);
            assertThat(probe(admin, "/livez")).isEqualTo(200);
            Files.writeString(directory.resolve("go"), "\n");
            Await.state("it is ready", SOON, () -> probe(admin, "/readyz") == 200);

            dev.baton.testkit.Signals.send(Supervised.lastReady(child), "STOP");
            child.signal("TERM");
            Await.state("it is not ready", SOON, () -> probe(admin, "/readyz") == 503);
            assertThat(probe(admin, "/livez")).isEqualTo(200);
        }
    }

    @Test
    void aClientOfTheAdminListenerThatSaysNothingHoldsNoProbeUp() throws Exception {
        int admin = UnmodifiedServer.freePort();
        try (ChildJvm child = run(directory, "--no-agent", "--admin", "127.0.0.1:" + admin, "--", "sh", "-c", TRAPS)
                .start()) {
            child.awaitLine("up", SOON);
            try (Socket silent = new Socket(InetAddress.getLoopbackAddress(), admin)) {
                silent.getOutputStream().write('G');
                assertThat(probe(admin, "/livez")).isEqualTo(200);
            }
        }
    }

    private static int probe(int port, String path) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                    .timeout(SOON)
                    .build();
            return client.send(request, BodyHandlers.discarding()).statusCode();
        } catch (java.net.ConnectException e) {
            return -1;
        }
    }
}
