package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.http.RawClient.Response;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How long a connection lasts and in which order it is used. */
final class KeepAliveTest extends HttpServerTest {

    @ParameterizedTest
    @EnumSource
    void aConnectionServesManyRequests(Transport transport) throws Exception {
        serve(
                transport,
                HttpServerOptions.defaults(),
                exchange -> answer(exchange, 200, exchange.getRequestURI().getPath()));
        RawClient client = connect();

        for (int i = 0; i < 100; i++) {
            assertThat(client.get("/" + i).receive().text()).isEqualTo("/" + i);
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrderOneAtATime() throws Exception {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        serve(exchange -> {
            most.accumulateAndGet(running.incrementAndGet(), Math::max);
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            running.decrementAndGet();
            answer(exchange, 200, exchange.getRequestURI().getPath() + body);
        });
        StringBuilder requests = new StringBuilder();
        for (int i = 0; i < 500; i++) {
            requests.append("POST /%d HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\n!".formatted(i));
        }
        RawClient client = connect().send(requests.toString());

        for (int i = 0; i < 500; i++) {
            assertThat(client.receive().text()).isEqualTo("/" + i + "!");
        }
        assertThat(most).hasValue(1);
    }

    @Test
    void pipelinedRequestsWithoutContextAreAnsweredInOrder() throws Exception {
        BatonHttpServer server = BatonHttpServer.create();
        server.createContext("/there", exchange -> answer(exchange, 200, "there"));
        start(server, Transport.TCP);
        String pair = "GET /not HTTP/1.1\r\nHost: test\r\n\r\nGET /there HTTP/1.1\r\nHost: test\r\n\r\n";
        RawClient client = connect().send(pair.repeat(200));

        for (int i = 0; i < 200; i++) {
            assertThat(client.receive().status()).isEqualTo(404);
            assertThat(client.receive().status()).isEqualTo(200);
        }
    }

    @Test
    void aClientThatAsksToCloseGetsItsAnswerAndTheEnd() throws Exception {
        serve(exchange -> answer(exchange, 200, "bye"));
        RawClient client = connect().send("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");

        Response response = client.receive();

        assertThat(response.header("Connection")).isEqualTo("close");
        assertThat(response.text()).isEqualTo("bye");
        assertThat(client.isAtEnd()).isTrue();
    }

    @Test
    void aHandlerCanCloseTheConnection() throws Exception {
        serve(exchange -> {
            exchange.getResponseHeaders().set("Connection", "close");
            answer(exchange, 200, "bye");
        });
        RawClient client = connect().get("/");

        assertThat(client.receive().header("Connection")).isEqualTo("close");
        assertThat(client.isAtEnd()).isTrue();
    }

    @Test
    void http10ClosesUnlessAskedOtherwise() throws Exception {
        serve(exchange -> answer(exchange, 200, "ok"));

        RawClient once = connect().send("GET / HTTP/1.0\r\n\r\n");
        assertThat(once.receive().header("Connection")).isEqualTo("close");
        assertThat(once.isAtEnd()).isTrue();

        RawClient kept = connect();
        for (int i = 0; i < 3; i++) {
            kept.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            Response response = kept.receive();
            assertThat(response.header("Connection")).isEqualTo("keep-alive");
            assertThat(response.text()).isEqualTo("ok");
        }
    }

    @Test
    void http10GetsAStreamThatEndsWithTheConnection() throws Exception {
        serve(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            try (var body = exchange.getResponseBody()) {
                body.write("streamed".getBytes(StandardCharsets.UTF_8));
            }
        });
        RawClient client = connect().send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");

        Response response = client.receive();

        assertThat(response.header("Transfer-Encoding")).isNull();
        assertThat(response.header("Content-Length")).isNull();
        assertThat(response.header("Connection")).isEqualTo("close");
        assertThat(response.text()).isEqualTo("streamed");
    }

    @Test
    void aClientThatHasEndedItsSideStillGetsItsAnswer() throws Exception {
        CountDownLatch ended = new CountDownLatch(1);
        serve(exchange -> {
            await(ended);
            answer(exchange, 200, "still here");
        });
        RawClient client = connect().get("/");
        client.endOutput();
        ended.countDown();

        assertThat(client.receive().text()).isEqualTo("still here");
        assertThat(client.isAtEnd()).isTrue();
    }

    @Test
    void anIdleConnectionIsClosedInTime() throws Exception {
        serve(
                Transport.TCP,
                HttpServerOptions.builder().idleTimeout(Duration.ofMillis(50)).build(),
                exchange -> answer(exchange, 200, "ok"));
        RawClient silent = connect();
        RawClient idle = connect().get("/");
        idle.receive();

        assertThat(silent.isAtEnd()).isTrue();
        assertThat(idle.isAtEnd()).isTrue();
    }

    @Test
    void aConnectionWithARequestIsNotIdle() throws Exception {
        Semaphore go = new Semaphore(0);
        serve(
                Transport.TCP,
                HttpServerOptions.builder().idleTimeout(Duration.ofMillis(50)).build(),
                exchange -> {
                    go.acquireUninterruptibly();
                    answer(exchange, 200, "ok");
                });
        RawClient busy = connect().get("/");
        RawClient idle = connect();
        assertThat(idle.isAtEnd()).isTrue(); // The time is over.
        go.release();

        assertThat(busy.receive().text()).isEqualTo("ok");
    }

    @ParameterizedTest
    @ValueSource(strings = {"G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: test\r\nX: "})
    void aHeadThatDoesNotBecomeCompleteIsAnswered408(String part) throws Exception {
        serve(
                Transport.TCP,
                HttpServerOptions.builder().headTimeout(Duration.ofMillis(50)).build(),
                exchange -> answer(exchange, 200, "ok"));
        RawClient client = connect().get("/");
        client.receive();
        client.send(part);

        Response response = client.receive();

        assertThat(response.status()).isEqualTo(408);
        assertThat(response.header("Connection")).isEqualTo("close");
        assertThat(client.isAtEnd()).isTrue();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
