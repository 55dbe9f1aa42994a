package dev.baton.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.drain.DrainReason;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** WebSockets and hijacked connections over TLS. */
class TlsConversationTest extends HttpsServerTest {
    private SSLSocket connectSocket(String version) throws Exception {
        SSLSocket socket = (SSLSocket) certificate()
                .clientContext()
                .getSocketFactory()
                .createSocket(address().getAddress(), address().getPort());
        socket.setEnabledProtocols(new String[] {version});
        return closedAfterwards(socket);
    }

    @ParameterizedTest
    @ValueSource(strings = {TLS_1_3, TLS_1_2})
    void aHijackedConnectionEchoesToTheEndAndClosesWithACloseNotify(String version) throws Exception {
        serve(exchange -> {
            try (HijackedConnection connection = HijackedConnection.upgrade(exchange, "echo")) {
                connection.output().write(connection.input().readNBytes(100_005));
            }
        });
        SSLSocket socket = connectSocket(version);
        socket.getOutputStream()
                .write("GET / HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly"
                        .getBytes(ISO_8859_1));
        socket.getOutputStream().write(new byte[100_000]);
        String all = new String(socket.getInputStream().readAllBytes(), ISO_8859_1); // Fails without a close_notify.
        assertThat(all).startsWith("HTTP/1.1 101 ");
        assertThat(all.substring(all.indexOf("\r\n\r\n") + 4)).hasSize(100_005).startsWith("early");
    }

    @Test
    void aWebSocketTalksAndIsClosedByADrain() throws Exception {
        WebSocketTestListener listener = new WebSocketTestListener();
        BatonHttpsServer server = serve(exchange ->
                WebSockets.upgrade(exchange, WebSocketOptions.defaults(), new WebSocketTestListener() {
                    @Override
                    public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
                        return webSocket.sendText(data, last);
                    }
                }));
        try (HttpClient http = HttpClient.newBuilder()
                .sslContext(certificate().clientContext())
                .build()) {
            WebSocket client = http.newWebSocketBuilder()
                    .buildAsync(URI.create("wss://localhost:" + address().getPort() + "/"), listener)
                    .get(10, TimeUnit.SECONDS);
            assertThat(listener.next()).isEqualTo("open");
            client.sendText("secret", true).join();
            assertThat(listener.next()).isEqualTo("text secret");
            var drained = server.conversations().drain(DrainReason.SUCCEEDED);
            assertThat(listener.next()).startsWith("close 1012");
            drained.get(10, TimeUnit.SECONDS);
        }
    }
}
