package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.posix.ProcessContext;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Signals;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The table "Variables that lead nowhere" of docs/handoff-protocol.md, row by row, with real processes. */
class PoisonedEnvironmentTest {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String TOKEN = "0".repeat(32);

    @TempDir
    private Path directory;

    private Path script;

    @BeforeEach
    void prepare() throws Exception {
        script = directory.resolve("script");
        ScriptedService.script(script, "serve");
    }

    private ChildJvm.Builder service() {
        return ChildJvm.of(ScriptedService.class)
                .jvmOptions("-Xshare:auto", "-XX:TieredStopAtLevel=1")
                .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                .arguments(script.toString(), "127.0.0.1:0");
    }

    private ChildJvm.Builder poisoned(Object socket, String token) {
        return service()
                .environment(HandoffVariables.SOCKET, socket.toString())
                .environment(HandoffVariables.TOKEN, token);
    }

    private static void expectPlainStart(ChildJvm.Builder builder, String reason) throws Exception {
        try (ChildJvm child = builder.start()) {
            child.awaitLine("1 ready", SOON);
            String warning = child.awaitLine(line -> line.contains("a plain start"), SOON)
                    .text();
            assertThat(warning).contains(reason);
            assertThat(child.lines().stream().map(OutputLine::text))
                    .noneMatch(line -> line.contains(" inherited") || line.contains("\tat "));
        }
    }

    @Test
    void variablesThatNoParentSetsMeanAPlainStart() throws Exception {
        expectPlainStart(service().environment(HandoffVariables.TOKEN, TOKEN), "SOCKET is missing or empty");
        expectPlainStart(
                service().environment(HandoffVariables.SOCKET, "/run/baton/1.sock"), "TOKEN is missing or empty");
        expectPlainStart(poisoned("", TOKEN), "SOCKET is missing or empty");
        expectPlainStart(poisoned("run/1.sock", TOKEN), "is not an absolute path: run/1.sock");
        expectPlainStart(poisoned("/x", "0".repeat(100_000)), "is no token");
        expectPlainStart(poisoned(directory.resolve("x".repeat(120)), TOKEN), "shorter than 108 bytes");
        try (ChildJvm child = poisoned("", "").start()) {
            child.awaitLine("1 ready", SOON);
            assertThat(child.lines().stream().map(OutputLine::text)).noneMatch(line -> line.contains("plain start"));
        }
    }

    @Test
    void aPathThatIsNotAsciiInAnAsciiLocaleMeansAPlainStart() throws Exception {
        expectPlainStart(
                poisoned("/tmp/\u00e4.sock", TOKEN).environment("LC_ALL", "C").startedBy("env", "LC_ALL=C"),
                "a plain start");
    }

    @Test
    void aPathWithoutAParentMeansAPlainStart() throws Exception {
        expectPlainStart(poisoned(directory.resolve("none"), TOKEN), "nobody is there");
        expectPlainStart(poisoned(Files.createFile(directory.resolve("file")), TOKEN), "nobody is there");
        expectPlainStart(poisoned(directory, TOKEN), "nobody is there");
        expectPlainStart(poisoned(directory.resolve("file/1.sock"), TOKEN), "there can be none");
        Path stream = directory.resolve("stream");
        try (ServerSocketChannel living = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            living.bind(UnixDomainSocketAddress.of(stream));
            expectPlainStart(poisoned(stream, TOKEN), "another kind of socket");
        }
        expectPlainStart(poisoned(stream, TOKEN), "nobody is there");
    }

    @Test
    void aProcessThatSaysNothingOrDoesNotAcceptIsAnErrorAfterTenSeconds() throws Exception {
        Path accepts = directory.resolve("accepts");
        Path full = directory.resolve("full");
        try (ChildJvm silent = ChildJvm.of(ForeignSocket.class)
                        .arguments(accepts.toString(), "accepts")
                        .start();
                ChildJvm hung = ChildJvm.of(ForeignSocket.class)
                        .arguments(full.toString())
                        .start()) {
            silent.awaitLine("listens", SOON);
            hung.awaitLine("full", SOON);
            try (ChildJvm first = poisoned(accepts, TOKEN).start();
                    ChildJvm second = poisoned(full, TOKEN).start()) {
                first.awaitLine("the handoff from the parent failed: it said nothing in time", SOON);
                second.awaitLine("did not take the connection within 10s", SOON);
                assertThat(first.awaitExit(SOON)).isEqualTo(1);
                assertThat(second.awaitExit(SOON)).isEqualTo(1);
            }
        }
    }

    @Test
    void aSocketOfAnotherUserMeansAPlainStart() throws Exception {
        assumeTrue(ProcessContext.effectiveUserId() == 0, "only root can start a process of another user");
        Path open = Files.createDirectory(directory.resolve("open"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        Path path = open.resolve("s");
        try (ChildJvm other = ChildJvm.of(ForeignSocket.class)
                .startedBy("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
                .arguments(path.toString(), "accepts")
                .start()) {
            other.awaitLine("listens", SOON);
            expectPlainStart(poisoned(path, TOKEN), "it belongs to another user");
        }
    }

    @Test
    void aTokenOfAnOldGenerationIsRefusedAndSpoilsNoRestart() throws Exception {
        Path pidFile = directory.resolve("pid");
        try (ChildJvm child =
                service().environment("BATON_PID_FILE", pidFile.toString()).start()) {
            child.awaitLine("1 ready", SOON);
            child.signal("HUP");
            child.awaitLine("2 ready", SOON);
            child.awaitExit(SOON);
            long second = Long.parseLong(Files.readString(pidFile).strip());
            Map<String, String> spent = ProcFs.environment(second);
            String socket = spent.getOrDefault(HandoffVariables.SOCKET, "");
            String token = spent.getOrDefault(HandoffVariables.TOKEN, "");
            expectPlainStart(poisoned(socket, token), "nobody is there");
            expectPlainStart(
                    poisoned(Path.of(socket).resolveSibling(ControlSocket.name(second)), token), "it has no successor");
            Signals.send(second, "HUP");
            child.awaitLine("3 ready", SOON);
        }
    }
}
