package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.examples.HelloServer;
import dev.baton.examples.jetty.JettyHello;
import dev.baton.examples.netty.NettyHello;
import dev.baton.examples.tomcat.TomcatHello;
import dev.baton.testkit.Answer;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Load;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.Request;
import dev.baton.testkit.RunningLoad;
import dev.baton.testkit.StrictConnection;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The program of the README, and its like on other servers, as a user would run them. */
class ExampleTest {
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(classes = {HelloServer.class, TomcatHello.class, JettyHello.class, NettyHello.class})
    void helloRestartsUnderLoadAndItsMainReturns(Class<?> program) throws Exception {
        InetSocketAddress address = freeAddress();
        try (ChildJvm child = ChildJvm.of(program)
                .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                .arguments("127.0.0.1:" + address.getPort())
                .start()) {
            child.awaitLine("generation 1 (pid " + child.pid() + ") serves", SOON);
            try (RunningLoad load = Load.of(address, Request.get("/", ExpectedBody.anything()))
                    .mode(LoadMode.newConnections())
                    .connections(4)
                    .start()) {
                load.awaitAnswers(200, SOON);
                child.signal("HUP");
                assertThat(child.awaitExit(SOON)).as("status of main").isZero();
                load.awaitAnswers(200, SOON);
                LoadReport report = load.stop();
                assertThat(report.failed()).as("%s", report).isZero();
            }
            Request hello =
                    Request.get("/", ExpectedBody.bytes("Hello from generation 2\n".getBytes(StandardCharsets.UTF_8)));
            assertThat(StrictConnection.exchange(address, hello, SOON)).isInstanceOf(Answer.class);
        }
    }

    /** The example does not say which port it got, so it is given one. */
    private static InetSocketAddress freeAddress() throws Exception {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress("127.0.0.1", 0));
            return (InetSocketAddress) socket.getLocalSocketAddress();
        }
    }
}
