package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that only trains touches nothing that is the service's. */
class AotTrainingTest {
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    /** Listens on what it is told. */
    static final class Program {
        private Program() {}

        public static void main(String[] arguments) throws Exception {
            try (Baton baton = Baton.start()) {
                for (String address : arguments) {
                    var _ = baton.listen(ListenAddress.parse(address));
                }
                System.out.println("training: " + baton.isTraining() + ", and its children: "
                        + new ProcessBuilder("printenv", AotTraining.VARIABLE)
                                .start()
                                .waitFor());
                baton.ready();
                baton.awaitExit();
            }
        }
    }

    @Test
    void itListensElsewhereAndPublishesNothing() throws Exception {
        Path training = Files.createTempDirectory(directory, "training");
        Path service = directory.resolve("service.socket");
        try (ServerSocket port = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String taken = "127.0.0.1:" + port.getLocalPort();
            ChildJvm.Builder program = ChildJvm.of(Program.class)
                    .arguments(taken, "[::1]:" + port.getLocalPort(), "udp:" + taken, "unix:" + service)
                    .environment("BATON_PID_FILE", directory.resolve("pid").toString())
                    .environment("BATON_RUN_DIR", directory.resolve("run").toString());
            AotTraining.environment(training).forEach(program::environment);
            try (ChildJvm child = program.start()) {
                Await.state("the report", SOON, () -> Files.exists(AotTraining.report(training)));
                child.awaitLine("training: true, and its children: 1", SOON);
                List<InetSocketAddress> listeners = AotTraining.listeners(training);
                assertThat(listeners)
                        .hasSize(2)
                        .allMatch(each -> each.getAddress().isLoopbackAddress());
                assertThat(listeners).extracting(InetSocketAddress::getPort).doesNotContain(port.getLocalPort());
                try (Socket client = new Socket()) {
                    client.connect(listeners.getFirst());
                }
                assertThat(directory.resolve("pid")).doesNotExist();
                assertThat(directory.resolve("run")).doesNotExist();
                assertThat(service).doesNotExist();
                assertThat(BatonControl.list(training)).hasSize(1);
                child.signal("TERM");
                assertThat(child.awaitExit(SOON)).isZero();
            }
        }
    }
}
