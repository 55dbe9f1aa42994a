package dev.baton.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Answer;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Outcome;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NettyServerTest {
    private static final Request NAME = Request.get("/name", ExpectedBody.anything());

    @Test
    void serversOnTcp4AndTcp6AndUnixAnswer(@TempDir Path directory) throws Exception {
        Path path = directory.resolve("socket");
        try (TestListener v4 = TestListener.tcp4();
                TestListener v6 = TestListener.tcp6();
                TestListener unix = TestListener.unix(path);
                TestServer _ = TestServer.started("1", v4, v6, unix)) {
            assertThat(name(v4.localAddress())).isEqualTo("1");
            assertThat(name(v6.localAddress())).isEqualTo("1");
            assertThat(name(unix.localAddress())).isEqualTo("1");
        }
        assertThat(Files.exists(path)).as("the path after close").isTrue();
    }

    private static String name(SocketAddress address) {
        Outcome outcome = StrictConnection.exchange(address, NAME, Duration.ofSeconds(10));
        assertThat(outcome).isInstanceOf(Answer.class);
        return ((Answer) outcome).text();
    }
}
