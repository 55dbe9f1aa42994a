package dev.baton.system;

import static dev.baton.system.UnmodifiedProgram.program;
import static dev.baton.system.UnmodifiedServer.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.RestartResult;
import dev.baton.testkit.Answer;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.RunningLoad;
import dev.baton.testkit.StrictConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The agent in programs of every kind: it neither changes what they do nor how they end. */
class AgentProgramTest {
    private static final int TERMINATED = 143;
    private static final int INTERRUPTED = 130;

    @TempDir
    private Path directory;

    /** Starts one that hears one line from the test. */
    private ChildJvm startClient(String way) throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            ChildJvm child = UnmodifiedServer.program(directory, program("OtherProgram"))
                    .arguments(Integer.toString(server.getLocalPort()), way)
                    .start();
            try (Socket accepted = server.accept()) {
                accepted.getOutputStream().write("hello\n".getBytes(StandardCharsets.US_ASCII));
            }
            return child;
        }
    }

    private static List<String> text(ChildJvm child) throws InterruptedException {
        return child.awaitAllOutput(SOON).stream().map(OutputLine::text).toList();
    }

    @Test
    void aProgramThatOnlyConnectsEndsByASignalAsWithoutTheAgent() throws Exception {
        for (Map.Entry<String, Integer> signal :
                Map.of("TERM", TERMINATED, "INT", INTERRUPTED).entrySet()) {
            try (ChildJvm child = startClient("client")) {
                child.awaitLine("heard hello", SOON);
                child.signal(signal.getKey());
                assertThat(child.awaitExit(SOON)).as(signal.getKey()).isEqualTo(signal.getValue());
            }
        }
    }

    @Test
    void aProgramThatReturnsOrExitsEndsWithItsOwnStatusAndHasSaidNothingMore() throws Exception {
        try (ChildJvm child = startClient("returns")) {
            assertThat(child.awaitExit(SOON)).isZero();
            assertThat(text(child)).containsExactly("heard hello");
            assertThat(directory.resolve("run")).isEmptyDirectory();
        }
        try (ChildJvm child = UnmodifiedServer.program(directory, program("OtherProgram"))
                .arguments("0", "exits")
                .start()) {
            assertThat(child.awaitExit(SOON)).isEqualTo(7);
            assertThat(text(child)).isEmpty();
        }
    }

    @Test
    void aPortThatIsTriedBeforeItIsServedAndOneThatTheKernelChoseDoNotDisturbARestart() throws Exception {
        try (UnmodifiedServer service =
                UnmodifiedServer.start(directory, program("OtherProgram", "probe"), "undo-window=0")) {
            for (int i = 0; i < 2; i++) {
                int mark = service.child().mark();
                service.restart();
                service.awaitOthersGone();
                service.child().awaitLineAfter(mark, "port 0", line -> line.startsWith("port 0 gave "), SOON);
                assertThat(StrictConnection.exchange(service.address(), UnmodifiedServer.request("/"), SOON))
                        .isInstanceOf(Answer.class);
            }
        }
    }

    @Test
    void aStopWaitsForTheRequestThatIsBeingAnswered() throws Exception {
        try (UnmodifiedServer service = UnmodifiedServer.start(directory, program("SocketProgram", "virtual"));
                StrictConnection client = StrictConnection.open(service.address());
                StrictConnection silent = StrictConnection.open(service.address())) {
            client.send(UnmodifiedServer.request("/slow"));
            service.child().awaitLine("slow", SOON);
            service.child().signal("TERM");
            assertThat(client.receive(UnmodifiedServer.request("/slow"), SOON)).isInstanceOf(Answer.class);
            assertThat(silent).isNotNull();
            assertThat(service.child().awaitExit(SOON)).isEqualTo(TERMINATED);
        }
    }

    @Test
    void aSecondSignalEndsAProgramWhoseShutdownHookHangs() throws Exception {
        try (UnmodifiedServer service =
                UnmodifiedServer.start(directory, program("OtherProgram", "stubborn"), "drain-timeout=10m")) {
            service.child().signal("TERM");
            service.child().awaitLine("hook hangs", SOON);
            service.child().signal("TERM");
            assertThat(service.child().awaitExit(SOON)).isEqualTo(TERMINATED);
        }
    }

    @Test
    void aShutdownHookThatHangsIsEndedAfterTheDrainTimeout() throws Exception {
        try (UnmodifiedServer service =
                UnmodifiedServer.start(directory, program("OtherProgram", "stubborn"), "drain-timeout=2s")) {
            service.child().signal("TERM");
            assertThat(service.child().awaitExit(SOON)).isEqualTo(TERMINATED);
            assertThat(text(service.child()))
                    .anyMatch(line -> line.contains("the program's shutdown hooks are not through after 2 s"));
        }
    }

    @Test
    void aWrongOptionEndsTheProgramWithOneLine() throws Exception {
        try (ChildJvm child = UnmodifiedServer.program(directory, program("OtherProgram"), "undo-widnow=3s")
                .arguments("0", "exits")
                .start()) {
            assertThat(child.awaitExit(SOON)).isEqualTo(1);
            assertThat(text(child)).singleElement().asString().startsWith("baton: -javaagent: there is no option");
        }
    }

    /** How a test restarts a program, and waits until it is. */
    @FunctionalInterface
    private interface Restart {
        void run(UnmodifiedServer service) throws Exception;
    }

    /** Restarts a program under clients; returns all that it has said. */
    private List<String> restarted(UnmodifiedProgram program, ChildJvm.Builder described, Restart restart)
            throws Exception {
        try (UnmodifiedServer service = UnmodifiedServer.start(directory, described, program.arguments());
                RunningLoad load = service.load()
                        .mode(LoadMode.newConnections())
                        .connections(8)
                        .start()) {
            load.awaitAnswers(100, SOON);
            restart.run(service);
            service.awaitOthersGone();
            load.awaitAnswers(100, SOON);
            LoadReport report = load.stop();
            assertThat(report.failed()).as("%s", report.failureSamples()).isZero();
            assertThat(report.generations()).hasSize(2);
            return service.child().lines().stream().map(OutputLine::text).toList();
        }
    }

    /** With a SIGHUP before it that is to do nothing. */
    private static void byControlSocket(UnmodifiedServer service) throws Exception {
        service.child().signal("HUP");
        assertThat(service.control().restart(_ -> {})).isInstanceOf(RestartResult.Switched.class);
    }

    @Test
    void aJvmThatLeavesSignalsAloneOutlivesSighupAndSaysHowToRestartIt() throws Exception {
        UnmodifiedProgram program = program("SocketProgram", "platform");
        List<String> said = restarted(
                program,
                UnmodifiedServer.program(directory, program, "undo-window=0").jvmOptions("-Xrs"),
                AgentProgramTest::byControlSocket);
        assertThat(said)
                .filteredOn(line -> line.contains("-Xrs"))
                .hasSize(2)
                .allMatch(line -> line.contains("control socket"));
    }

    @Test
    void aProgramThatIsStartedByNohupSaysHowToRestartIt() throws Exception {
        UnmodifiedProgram program = program("SocketProgram", "virtual");
        List<String> said = restarted(
                program,
                UnmodifiedServer.program(directory, program, "undo-window=0").startedBy("nohup"),
                AgentProgramTest::byControlSocket);
        assertThat(said)
                .filteredOn(line -> line.contains("SIGHUP was ignored"))
                .hasSize(2)
                .allMatch(line -> line.contains("control socket"));
    }

    @Test
    void aJvmWithoutAttachAndNativeAccessRestartsBySighup() throws Exception {
        UnmodifiedProgram program = program("HttpServerProgram");
        List<String> said = restarted(
                program,
                UnmodifiedServer.program(directory, program, "undo-window=0")
                        .jvmOptions("--illegal-native-access=deny", "-XX:+DisableAttachMechanism"),
                UnmodifiedServer::restart);
        assertThat(said).noneMatch(line -> line.contains("WARNING"));
    }

    /**
     * Before and behind it: each transforms classes that the other has transformed, and loads its own apart from the
     * program. The jar has more than 20 MB, so that it is there in the full matrix alone.
     */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anotherAgentDoesNotDisturbARestart(boolean first) throws Exception {
        Path telemetry = Path.of("../unmodified/target/agents/opentelemetry-javaagent.jar")
                .toAbsolutePath()
                .normalize();
        Assumptions.assumeTrue(Files.exists(telemetry), "-Dbaton.matrix=full fetches it");
        UnmodifiedProgram program = program("HttpServerProgram");
        String[] exporters = {"-Dotel.traces.exporter=none", "-Dotel.metrics.exporter=none", "-Dotel.logs.exporter=none"
        };
        ChildJvm.Builder described =
                UnmodifiedServer.program(directory, program, "undo-window=0").jvmOptions(exporters);
        if (first) {
            // Read before the command line.
            described.environment("JAVA_TOOL_OPTIONS", "-javaagent:" + telemetry);
        } else {
            described.jvmOptions("-javaagent:" + telemetry);
        }
        List<String> said = restarted(program, described, UnmodifiedServer::restart);
        assertThat(said)
                .as("both have started, in each process")
                .filteredOn(line -> line.contains("opentelemetry-javaagent - version"))
                .hasSize(2);
        assertThat(said).noneMatch(line -> line.contains("ERROR") || line.contains("left as it is"));
    }

    /** With the {@code java} of the PATH, if it is an older one; it runs a program from its source. */
    @Test
    void anOldJdkRunsTheProgramWithoutBatonAndSaysSo() throws Exception {
        Path program = Files.writeString(directory.resolve("Hello.java"), """
                class Hello {
                    public static void main(String[] arguments) {
                        System.out.println("hello from " + System.getProperty("java.specification.version"));
                    }
                }
                """);
        try (ChildJvm child = ChildJvm.ofMain(program.toString())
                .withoutNativeAccess()
                .java(Path.of("java"))
                .directory(directory)
                .jvmOptions("-javaagent:" + UnmodifiedServer.batonJar() + "=pid-file=pid")
                .start()) {
            assertThat(child.awaitExit(SOON)).isZero();
            List<String> lines = text(child);
            String release = lines.getLast().replace("hello from ", "");
            Assumptions.assumeTrue(Integer.parseInt(release) < 25, "the java of the PATH is new enough");
            assertThat(lines)
                    .containsExactlyInAnyOrder(
                            "hello from " + release,
                            "baton: this is JDK " + release
                                    + ", and restarts need JDK 25 or newer; the program goes on without Baton");
        }
    }
}
