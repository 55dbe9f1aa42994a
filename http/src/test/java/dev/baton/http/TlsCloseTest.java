package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.drain.ConnectionState;
import dev.baton.drain.Connections;
import dev.baton.drain.DrainReason;
import dev.baton.http.RawClient.Response;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How connections end over TLS. The client throws for an end without close_notify, so `isAtEnd` is the proof of one. */
final class TlsCloseTest extends HttpsServerTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
    private static final String LAST_GET = "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";

    @ParameterizedTest
    @ValueSource(strings = {TLS_1_3, TLS_1_2})
    void theLastResponseIsFollowedByCloseNotify(String version) throws Exception {
        serve(exchange -> answer(exchange, 200, "ok"));
        RawClient client = connect(version).http();

        assertThat(client.send(LAST_GET).receive().text()).isEqualTo("ok");
        assertThat(client.isAtEnd()).isTrue();
    }

    @Test
    void aClientThatEndsItsSideWithCloseNotifyIsAnswered() throws Exception {
        CountDownLatch ended = new CountDownLatch(1);
        serve(exchange -> {
            await(ended);
            answer(exchange, 200, "ok");
        });
        TlsClient client = connect(TLS_1_3);
        client.http().send(GET);
        client.tls().shutdownOutput();
        ended.countDown();

        assertThat(client.http().receive().text()).isEqualTo("ok");
        assertThat(client.http().isAtEnd()).isTrue();
    }

    /** RFC 5246, section 7.2.1: whoever gets a close_notify closes at once and discards what is pending. */
    @Test
    void withTls12TheCloseNotifyOfTheClientEndsTheConnection() throws Exception {
        CompletableFuture<Void> gone = new CompletableFuture<>();
        CountDownLatch ended = new CountDownLatch(1);
        BatonHttpsServer server = serve(exchange -> {
            await(ended);
            answer(exchange, 200, "too late");
        });
        server.connections().onStateChange((_, _, to) -> {
            if (to == ConnectionState.CLOSED) {
                gone.complete(null);
            }
        });
        TlsClient client = connect(TLS_1_2);
        client.http().send(GET);
        client.tls().shutdownOutput();

        gone.get(5, TimeUnit.SECONDS);
        ended.countDown();
        assertThat(client.http().isAtEnd()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 100", "Transfer-Encoding: chunked"})
    void aBodyThatIsCutByAnEndOfTheSocketIsNotTakenForWhole(String framing) throws Exception {
        CompletableFuture<byte[]> body = new CompletableFuture<>();
        serve(exchange -> {
            try (InputStream in = exchange.getRequestBody()) {
                body.complete(in.readAllBytes());
            } catch (IOException e) {
                body.completeExceptionally(e);
                throw e;
            }
        });
        TlsClient client = connect(TLS_1_3);
        client.http().send("POST / HTTP/1.1\r\nHost: test\r\n" + framing + "\r\n\r\n" + "5\r\nhello\r\n");
        client.tcp().shutdownOutput();

        assertThatThrownBy(() -> body.get(5, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(IOException.class);
    }

    @Test
    void aSlowReaderGetsEveryByteAndTheCloseNotify() throws Exception {
        byte[] body = new byte[8 << 20];
        Arrays.fill(body, (byte) 'x');
        serve(exchange -> {
            exchange.sendResponseHeaders(200, body.length);
            try (var out = exchange.getResponseBody()) {
                out.write(body);
            }
        });
        SocketChannel tcp = closedAfterwards(SocketChannel.open());
        tcp.setOption(StandardSocketOptions.SO_RCVBUF, 8 * 1024);
        tcp.connect(address());
        TlsClient client = TlsClient.connect(tcp, certificate().clientContext(), TLS_1_3);
        client.http().send(LAST_GET);

        Response response = client.http().receive();
        assertThat(response.content()).isEqualTo(body);
        assertThat(client.http().isAtEnd()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {TLS_1_3, TLS_1_2})
    void anEarlyAnswerIsReadWholeByAClientThatGoesOnSending(String version) throws Exception {
        serve(exchange -> answer(exchange, 401, "who are you?"));
        RawClient client = connect(version).http();
        client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5000000\r\n\r\n")
                .send(new byte[5_000_000]);

        Response response = client.receive();
        assertThat(response.status()).isEqualTo(401);
        assertThat(response.text()).isEqualTo("who are you?");
        assertThat(client.isAtEnd()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {TLS_1_3, TLS_1_2})
    void aForcedCloseSendsCloseNotify(String version) throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        BatonHttpsServer server = serve(exchange -> {
            begun.countDown();
            await(closed);
        });
        RawClient client = connect(version).http().send(GET);
        await(begun);

        assertThat(server.connections().close()).isEqualTo(1);
        assertThat(client.isAtEnd()).isTrue();
        closed.countDown();
    }

    @Test
    void aForcedCloseDoesNotWaitForAClientThatDoesNotRead() throws Exception {
        CompletableFuture<Void> gone = new CompletableFuture<>();
        CountDownLatch full = new CountDownLatch(1);
        BatonHttpsServer server = serve(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            try (var out = exchange.getResponseBody()) {
                for (int sent = 0; sent < 64; sent++) {
                    out.write(new byte[1 << 20]);
                    if (sent == 16) {
                        full.countDown();
                    }
                }
            }
        });
        server.connections().onStateChange((_, _, to) -> {
            if (to == ConnectionState.CLOSED) {
                gone.complete(null);
            }
        });
        SocketChannel tcp = closedAfterwards(SocketChannel.open());
        tcp.setOption(StandardSocketOptions.SO_RCVBUF, 8 * 1024);
        tcp.connect(address());
        TlsClient client = TlsClient.connect(tcp, certificate().clientContext(), TLS_1_3);
        client.http().send(GET);
        assertThat(full.await(1, TimeUnit.SECONDS))
                .as("the response fits into the buffers")
                .isFalse();

        server.connections().close();
        gone.get(1, TimeUnit.SECONDS);
    }

    @Test
    void aConnectionThatIsClosedIdleGetsCloseNotify() throws Exception {
        serve(
                HttpServerOptions.builder()
                        .idleTimeout(java.time.Duration.ofMillis(300))
                        .build(),
                exchange -> answer(exchange, 200, "ok"));
        RawClient client = connect(TLS_1_3).http();

        assertThat(client.get("/").receive().text()).isEqualTo("ok");
        assertThat(client.isAtEnd()).isTrue();
    }

    /** Without a length the end is all that says that the response is whole. */
    @Test
    void aResponseWithoutLengthThatIsCutEndsWithoutCloseNotify() throws Exception {
        serve(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write("half of it".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            exchange.getResponseBody().flush();
            throw new IOException("this handler fails");
        });
        RawClient client = connect(TLS_1_3).http().send("GET / HTTP/1.0\r\n\r\n");

        assertThat(client.receiveHead().getFirst()).endsWith("200 OK");
        assertThatThrownBy(() -> client.input().readAllBytes()).isInstanceOf(IOException.class);
    }

    @Test
    void whatIsNotTlsIsRefused() throws Exception {
        serve(exchange -> answer(exchange, 200, "ok"));
        SocketChannel tcp = connectTcp();
        assertThatThrownBy(() -> {
                    try (RawClient client = new RawClient(
                            tcp, tcp.socket().getInputStream(), tcp.socket().getOutputStream())) {
                        var _ = client.get("/").receive();
                    }
                })
                .isInstanceOf(IOException.class);
        assertThat(connect(TLS_1_3).http().get("/").receive().text()).isEqualTo("ok");
    }

    @Test
    void aClientThatDoesNotTrustTheCertificateIsForgotten() throws Exception {
        BatonHttpsServer server = serve(exchange -> answer(exchange, 200, "ok"));
        CompletableFuture<Void> gone = new CompletableFuture<>();
        server.connections().onStateChange((_, _, to) -> {
            if (to == ConnectionState.CLOSED) {
                gone.complete(null);
            }
        });

        assertThatThrownBy(() ->
                        closedAfterwards(TlsClient.connect(address(), javax.net.ssl.SSLContext.getDefault(), TLS_1_3)))
                .isInstanceOf(SSLException.class);
        gone.get(5, TimeUnit.SECONDS);
    }

    @Test
    void aDrainEndsIdleConnectionsAfterOneMoreRequestWithCloseNotify() throws Exception {
        BatonHttpsServer server = serve(exchange -> answer(exchange, 200, "ok"));
        RawClient client = connect(TLS_1_3).http();
        assertThat(client.get("/").receive().header("Connection")).isNull();
        Connections connections = server.connections();
        CompletableFuture<?> drained = connections.drain(DrainReason.SUCCEEDED);

        assertThat(client.get("/").receive().header("Connection")).isEqualTo("close");
        assertThat(client.isAtEnd()).isTrue();
        drained.get(5, TimeUnit.SECONDS);
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            if (!latch.await(10, TimeUnit.SECONDS)) {
                throw new IOException("awaited in vain");
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
