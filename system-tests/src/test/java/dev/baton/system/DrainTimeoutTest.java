package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Answer;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
import dev.baton.testkit.StrictConnection.Ending;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the option {@code drain-timeout} promises to the operator who stops a service. */
final class DrainTimeoutTest {
    @TempDir
    Path directory = Path.of("");

    @ParameterizedTest
    @ValueSource(strings = {"virtual", "pool"})
    void handlersThatComputeOnAreCutAndCountedAndTheProcessEnds(String threads) throws Exception {
        try (ChildJvm child = ChildJvm.of(StubbornService.class)
                        .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                        .environment("BATON_DRAIN_TIMEOUT", "300ms")
                        .arguments(threads)
                        .start();
                StrictConnection one = StrictConnection.open(address(child));
                StrictConnection other = StrictConnection.open(address(child))) {
            child.awaitLine("generation 1 (pid " + child.pid() + ") serves", SOON);
            one.send(Request.get("/spin?one", ExpectedBody.anything()));
            other.send(Request.get("/spin?other", ExpectedBody.anything()));
            child.awaitLine("spins for one", SOON);
            child.awaitLine("spins for other", SOON);

            child.signal("TERM");

            child.awaitLine("still open after the drain-timeout of 300ms", SOON);
            child.awaitLine("requests cut: 2", SOON);
            assertThat(child.awaitExit(SOON)).isZero();
            assertThat(one.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
            assertThat(other.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        }
    }

    @Test
    void zeroMeansForEver() throws Exception {
        Path file = directory.resolve("go");
        try (RunningService service = RunningService.start(directory, List.of("BATON_DRAIN_TIMEOUT", "0"));
                StrictConnection client = StrictConnection.open(service.address())) {
            Request request = RunningService.request("/when?" + file);
            client.send(request);
            service.child().awaitLine("1 handles /when", SOON);

            service.child().signal("TERM");
            service.child().awaitLine("stop requested by SIGTERM", SOON);
            Files.createFile(file);

            assertThat(client.receive(request, SOON)).isInstanceOf(Answer.class);
            service.child().awaitLine("requests cut: 0", SOON);
            assertThat(service.child().awaitExit(SOON)).isZero();
        }
    }

    private static InetSocketAddress address(ChildJvm child) throws InterruptedException {
        String line = child.awaitLine("1 listens on ", SOON).text();
        return new InetSocketAddress("127.0.0.1", Integer.parseInt(line.substring(line.lastIndexOf(':') + 1)));
    }
}
