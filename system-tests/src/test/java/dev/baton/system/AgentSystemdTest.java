package dev.baton.system;

import static dev.baton.system.UnmodifiedProgram.program;
import static dev.baton.system.UnmodifiedServer.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.posix.Sockets;
import dev.baton.testkit.Answer;
import dev.baton.testkit.FailureKind;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.RunningLoad;
import dev.baton.testkit.StrictConnection;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Programs that know neither Baton nor systemd, with the agent, before a double of systemd. */
class AgentSystemdTest {
    private static final int CONNECTIONS = 8;

    @TempDir
    private Path directory;

    private UnmodifiedServer start(SystemdDouble systemd, int port, UnmodifiedProgram program) throws Exception {
        return UnmodifiedServer.startAt(
                port,
                directory,
                systemd.start(UnmodifiedServer.program(directory, program, "undo-window=0")),
                program.arguments());
    }

    private static void expectAnswer(InetSocketAddress address) {
        assertThat(StrictConnection.exchange(address, UnmodifiedServer.request("/"), SOON))
                .isInstanceOf(Answer.class);
    }

    @ParameterizedTest
    @CsvSource({"HttpServerProgram,", "SocketProgram,virtual", "NettyProgram,nio"})
    void aCrashUnderLoadRefusesNobodyAndWhoWaitsIsAnsweredByTheNextLife(String main, @Nullable String way)
            throws Exception {
        UnmodifiedProgram program = (way == null ? program(main) : program(main, way)).on("io.netty");
        int port = UnmodifiedServer.freePort();
        try (SystemdDouble systemd = SystemdDouble.open(directory);
                UnmodifiedServer first = start(systemd, port, program);
                RunningLoad load = first.load()
                        .mode(LoadMode.newConnections())
                        .connections(CONNECTIONS)
                        .start()) {
            String stored = "baton.127.0.0.1%3A" + port;
            load.awaitAnswers(200, SOON);
            assertThat(systemd.stored()).containsExactly(stored);
            first.child().signal("KILL");
            first.child().awaitAllGone(SOON);
            try (StrictConnection waiting = StrictConnection.open(first.address());
                    UnmodifiedServer second = start(systemd, port, program)) {
                waiting.send(UnmodifiedServer.request("/"));
                assertThat(waiting.receive(UnmodifiedServer.request("/"), SOON)).isInstanceOf(Answer.class);
                load.awaitAnswers(200, SOON);
                // It is handed on as ever.
                second.restart();
                load.awaitAnswers(200, SOON);
                LoadReport report = load.stop();
                assertThat(report.failures(FailureKind.REFUSED))
                        .as("%s", report)
                        .isZero();
                assertThat(report.failed())
                        .as("only what was open at the crash: %s", report)
                        .isLessThanOrEqualTo(CONNECTIONS);
                assertThat(systemd.stored()).containsExactly(stored);
            }
        }
    }

    @Test
    void aBindOfTheAddressOfASocketUnitYieldsItsSocket() throws Exception {
        UnmodifiedProgram program = program("HttpServerProgram");
        int descriptor = Sockets.streamFor(new InetSocketAddress("127.0.0.1", 0));
        Sockets.bind(descriptor, new InetSocketAddress("127.0.0.1", 0));
        Sockets.listen(descriptor, 128);
        InetSocketAddress address = (InetSocketAddress) Sockets.localAddress(descriptor);
        try (SystemdDouble systemd = SystemdDouble.open(directory)) {
            systemd.socketUnit("web.socket", descriptor);
            try (StrictConnection early = StrictConnection.open(address);
                    UnmodifiedServer service = start(systemd, address.getPort(), program)) {
                early.send(UnmodifiedServer.request("/"));
                assertThat(early.receive(UnmodifiedServer.request("/"), SOON)).isInstanceOf(Answer.class);
                assertThat(systemd.stored()).as("systemd has it anyway").isEmpty();
                service.restart();
                expectAnswer(address);
                assertThat(ProcFs.environment(service.publishedPid())).doesNotContainKey("LISTEN_FDS");
                service.child().awaitLine("generation 2 (pid", SOON);
            }
            try (UnmodifiedServer again = start(systemd, address.getPort(), program)) {
                expectAnswer(again.address());
            }
        }
    }

    @Test
    void aSocketOfAllAddressesOfOneFamilyIsHandedOnToAProgramThatBindsThoseOfBoth() throws Exception {
        InetSocketAddress all = new InetSocketAddress("0.0.0.0", UnmodifiedServer.freePort());
        int descriptor = Sockets.streamFor(all);
        Sockets.bind(descriptor, all);
        Sockets.listen(descriptor, 128);
        try (SystemdDouble systemd = SystemdDouble.open(directory)) {
            systemd.socketUnit("web.socket", descriptor);
            try (UnmodifiedServer service = start(systemd, all.getPort(), program("HttpServerProgram", "::"))) {
                expectAnswer(service.address());
                for (int i = 0; i < 2; i++) {
                    service.restart();
                    expectAnswer(service.address());
                }
            }
        }
    }

    @Test
    void whatTheNextLifeDoesNotListenOnIsClosedAfterAWhile() throws Exception {
        UnmodifiedProgram program = program("HttpServerProgram");
        int port = UnmodifiedServer.freePort();
        int other = UnmodifiedServer.freePort();
        try (SystemdDouble systemd = SystemdDouble.open(directory)) {
            try (UnmodifiedServer first = start(systemd, port, program)) {
                assertThat(systemd.stored()).containsExactly("baton.127.0.0.1%3A" + port);
                first.child().signal("KILL");
                first.child().awaitAllGone(SOON);
            }
            try (UnmodifiedServer second = start(systemd, other, program)) {
                second.child()
                        .awaitLine("the program does not listen on [127.0.0.1:" + port + "]: that is closed", SOON);
                expectAnswer(second.address());
                assertThat(systemd.stored()).isEqualTo(List.of("baton.127.0.0.1%3A" + other));
                assertThat(StrictConnection.exchange(
                                new InetSocketAddress("127.0.0.1", port), UnmodifiedServer.request("/"), SOON))
                        .isNotInstanceOf(Answer.class);
            }
        }
    }
}
