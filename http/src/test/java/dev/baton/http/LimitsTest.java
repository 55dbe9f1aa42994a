package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.baton.drain.ConnectionState;
import dev.baton.http.RawClient.Response;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies that are too large or too slow, and responses that nobody takes. */
final class LimitsTest extends HttpServerTest {
    private static final String POST = "POST / HTTP/1.1\r\nHost: test\r\n";

    private final AtomicInteger handled = new AtomicInteger();

    private void serve(HttpServerOptions.Builder options, HttpHandler handler) throws IOException {
        serve(Transport.TCP, options.build(), exchange -> {
            handled.incrementAndGet();
            handler.handle(exchange);
        });
    }

    private static void echoLength(HttpExchange exchange) throws IOException {
        answer(exchange, 200, "" + exchange.getRequestBody().readAllBytes().length);
    }

    private static HttpServerOptions.Builder limit(long bytes) {
        return HttpServerOptions.builder().maxRequestBody(bytes);
    }

    // --- size ---

    @Test
    void anAnnouncedBodyThatIsTooLargeIsA413AndNoHandlerIsCalled() throws Exception {
        serve(limit(1000), LimitsTest::echoLength);
        RawClient client = connect().send(POST + "Content-Length: 1001\r\n\r\n");

        Response response = client.receive();

        assertThat(response.status()).isEqualTo(413);
        assertThat(response.header("Connection")).isEqualTo("close");
        assertThat(client.isAtEnd()).isTrue();
        assertThat(handled).hasValue(0);
    }

    /** A reset would destroy the answer on its way. */
    @Test
    void theClientOfABodyThatIsTooLargeReadsTheAnswerThoughItStillSends() throws Exception {
        serve(limit(1000), LimitsTest::echoLength);
        RawClient client = connect().send(POST + "Content-Length: 5000000\r\n\r\n");

        client.send(new byte[5_000_000]);

        assertThat(client.receive().status()).isEqualTo(413);
    }

    @Test
    void aClientThatAsksBeforeItSendsABodyThatIsTooLargeIsNotToldToGoOn() throws Exception {
        serve(limit(1000), LimitsTest::echoLength);
        RawClient client = connect().send(POST + "Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n");

        assertThat(client.receive().status()).isEqualTo(413);
    }

    @Test
    void aChunkedBodyThatIsTooLargeFailsTheReaderAndIsA413() throws Exception {
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        serve(limit(1000), exchange -> {
            try {
                exchange.getRequestBody().readAllBytes();
            } catch (IOException e) {
                thrown.complete(e);
                throw e;
            }
        });
        RawClient client = connect().send(POST + "Transfer-Encoding: chunked\r\n\r\n");
        client.send("3e8\r\n" + "x".repeat(1000) + "\r\n1\r\n");
        assertThat(thrown).isNotDone();
        client.send("x\r\n" + "3e8\r\n" + "x".repeat(1000) + "\r\n");

        Response response = client.receive();

        assertThat(response.status()).isEqualTo(413);
        assertThat(response.header("Connection")).isEqualTo("close");
        assertThat(client.isAtEnd()).isTrue();
        assertThat(thrown.get(5, TimeUnit.SECONDS))
                .isInstanceOfSatisfying(
                        RequestBodyTooLargeException.class,
                        e -> assertThat(e.limit()).isEqualTo(1000));
    }

    @Test
    void aHandlerMayAnswerABodyThatIsTooLargeItself() throws Exception {
        serve(limit(10), exchange -> {
            try {
                echoLength(exchange);
            } catch (RequestBodyTooLargeException e) {
                answer(exchange, 200, "at most " + e.limit());
            }
        });
        RawClient client = connect()
                .send(POST + "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n" + POST + "\r\n");

        Response response = client.receive();

        assertThat(response.text()).isEqualTo("at most 10");
        assertThat(response.header("Connection")).isEqualTo("close");
        assertThat(client.isAtEnd()).isTrue();
        assertThat(handled).hasValue(1);
    }

    @Test
    void aBodyOfExactlyTheLimitIsServedAndTheConnectionGoesOn() throws Exception {
        serve(limit(10), LimitsTest::echoLength);
        RawClient client = connect();

        for (int i = 0; i < 2; i++) {
            client.send(POST + "Content-Length: 10\r\n\r\n0123456789");
            assertThat(client.receive().text()).isEqualTo("10");
            client.send(POST + "Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n");
            assertThat(client.receive().text()).isEqualTo("10");
        }
    }

    @Test
    void withoutALimitBodiesOfAnySizeAreServed() throws Exception {
        serve(HttpServerOptions.builder(), LimitsTest::echoLength);
        RawClient client =
                connect().send(POST + "Content-Length: 3000000\r\n\r\n").send(new byte[3_000_000]);

        assertThat(client.receive().text()).isEqualTo("3000000");
    }

    // --- time ---

    private static HttpServerOptions.Builder rate(int bytesPerSecond) {
        return HttpServerOptions.builder().bodyTimeout(Duration.ofMillis(300)).minBodyRate(bytesPerSecond);
    }

    /** Sends a piece of a body every 50 ms until the future is done or all are sent. */
    private static void sendSlowly(RawClient client, String piece, int pieces, CompletableFuture<?> stop)
            throws Exception {
        AtomicInteger sent = new AtomicInteger();
        CompletableFuture<Void> all = new CompletableFuture<>();
        try (ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor()) {
            var sending = clock.scheduleAtFixedRate(
                    () -> {
                        try {
                            client.send(piece);
                            if (sent.incrementAndGet() == pieces) {
                                all.complete(null);
                            }
                        } catch (IOException e) {
                            all.completeExceptionally(e);
                        }
                    },
                    50,
                    50,
                    TimeUnit.MILLISECONDS);
            CompletableFuture.anyOf(all, stop).handle((_, _) -> true).get(20, TimeUnit.SECONDS);
            sending.cancel(false);
        }
    }

    @Test
    void aBodyThatComesByteByByteIsA408InTheEnd() throws Exception {
        serve(rate(240), LimitsTest::echoLength);
        RawClient client = connect().send(POST + "Content-Length: 100000\r\n\r\n");
        CompletableFuture<Integer> status = CompletableFuture.supplyAsync(() -> {
            try {
                return client.receive().status();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });

        sendSlowly(client, "x", 100_000, status);

        assertThat(status.get(1, TimeUnit.SECONDS)).isEqualTo(408);
    }

    /** Half a second and more of waiting in all, each wait short enough, and the rate kept. */
    @Test
    void aSlowHonestBodyIsServed() throws Exception {
        serve(rate(240), LimitsTest::echoLength);
        RawClient client = connect().send(POST + "Content-Length: 6000\r\n\r\n");

        sendSlowly(client, "x".repeat(300), 20, new CompletableFuture<>());

        assertThat(client.receive().text()).isEqualTo("6000");
    }

    @Test
    void withoutARateABodyMayComeByteByByte() throws Exception {
        serve(rate(0), LimitsTest::echoLength);
        RawClient client = connect().send(POST + "Content-Length: 20\r\n\r\n");

        sendSlowly(client, "x", 20, new CompletableFuture<>());

        assertThat(client.receive().text()).isEqualTo("20");
    }

    // --- responses ---

    /** The handler is done, and what it wrote is too much for the socket: nobody but the connection waits. */
    @ParameterizedTest
    @ValueSource(strings = {"keep-alive", "close"})
    void aClientThatNeverTakesTheEndOfAResponseIsCutOff(String connection) throws Exception {
        CompletableFuture<Void> handlerDone = new CompletableFuture<>();
        BatonHttpServer server = serve(
                Transport.UNIX,
                HttpServerOptions.builder()
                        .writeTimeout(Duration.ofMillis(200))
                        .idleTimeout(Duration.ZERO)
                        .build(),
                exchange -> {
                    exchange.sendResponseHeaders(200, 330_000);
                    exchange.getResponseBody().write(new byte[330_000]);
                    exchange.close();
                    handlerDone.complete(null);
                });
        CompletableFuture<Void> closed = new CompletableFuture<>();
        server.connections().onStateChange((_, _, to) -> {
            if (to == ConnectionState.CLOSED) {
                closed.complete(null);
            }
        });
        RawClient client = connect().send("GET / HTTP/1.1\r\nHost: test\r\nConnection: " + connection + "\r\n\r\n");

        handlerDone.get(5, TimeUnit.SECONDS);
        closed.get(5, TimeUnit.SECONDS);
        assertThatThrownBy(client::receive).isInstanceOf(IOException.class).hasMessageStartingWith("truncated");
    }

    @Test
    void optionsThatMakeNoSenseAreRefused() {
        assertThatThrownBy(() -> limit(-1).build()).hasMessage("maxRequestBody must not be negative: -1");
        assertThatThrownBy(() -> rate(-1).build()).hasMessage("minBodyRate must not be negative: -1");
    }
}
