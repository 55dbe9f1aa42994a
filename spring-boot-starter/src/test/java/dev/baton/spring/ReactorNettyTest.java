package dev.baton.spring;

import static dev.baton.spring.RunningApplication.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.spring.RunningApplication.Server;
import dev.baton.testkit.StrictConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is peculiar to an application on Reactor Netty, with real processes. */
@Timeout(600)
class ReactorNettyTest {
    @TempDir
    private Path directory;

    @Test
    void aWebSocketWorksAndNoDrainWaitsForIt() throws Exception {
        try (RunningApplication application =
                        RunningApplication.start(Server.REACTOR_NETTY, directory, "baton.drain-timeout=0");
                StrictConnection client = StrictConnection.open(application.address())) {
            client.write("""
                    GET /echo HTTP/1.1\r
                    Host: shop\r
                    Connection: Upgrade\r
                    Upgrade: websocket\r
                    Sec-WebSocket-Version: 13\r
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                    \r
                    """.getBytes(StandardCharsets.US_ASCII));
            assertThat(client.readUntil("\r\n\r\n", SOON)).startsWith("HTTP/1.1 101");
            // A text of two bytes, with the mask 0 (RFC 6455, section 5.2).
            client.write(new byte[] {(byte) 0x81, (byte) 0x82, 0, 0, 0, 0, 'h', 'i'});
            client.expect(new byte[] {(byte) 0x81, 2, 'h', 'i'}, SOON);
            application.child().signal("TERM");
            assertThat(application.child().awaitExit(SOON)).isZero();
        }
    }

    @Test
    void withHttp2TheStartIsRefusedWithTheReason() throws Exception {
        try (RunningApplication application =
                RunningApplication.launch(Server.REACTOR_NETTY, directory, "serve", "server.http2.enabled=true")) {
            application.child().awaitLine("HTTP/2 of Reactor Netty cannot take part in restarts", SOON);
            assertThat(application.child().awaitExit(SOON)).isEqualTo(1);
        }
    }
}
