package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.baton.ListenAddress;
import dev.baton.testkit.FdLeakCheck;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;

class WarmUpTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final BlockingQueue<String> asked = new LinkedBlockingQueue<>();

    private int run(WarmUp warmUp, HttpHandler handler) throws IOException {
        BatonHttpServer server = BatonHttpServer.create(ListenAddress.parse("127.0.0.1:0"));
        server.createContext("/", handler);
        server.start();
        try {
            return WarmUpClient.run(server.participant().server(), warmUp);
        } finally {
            assertThat(server.connections().snapshot()).isEmpty();
            server.stop(0);
        }
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            asked.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
                    + exchange.getRequestHeaders().getFirst("User-Agent"));
            exchange.sendResponseHeaders(200, 2);
            exchange.getResponseBody().write(new byte[] {'o', 'k'});
        }
    }

    @Test
    void thePathsAreAskedForInTurnFromTheApplicationsContexts() throws Exception {
        assertThat(run(new WarmUp(List.of("/a", "/b?c=d"), 5, LIMIT), this::answer))
                .isEqualTo(5);
        assertThat(asked)
                .containsExactly(
                        "GET /a baton-warm-up",
                        "GET /b?c=d baton-warm-up",
                        "GET /a baton-warm-up",
                        "GET /b?c=d baton-warm-up",
                        "GET /a baton-warm-up");
    }

    @Test
    void aServerThatClosesEachConnectionIsAskedOnAnother() throws Exception {
        int answered = run(new WarmUp(List.of("/"), 3, LIMIT), exchange -> {
            exchange.getResponseHeaders().set("Connection", "close");
            answer(exchange);
        });
        assertThat(answered).isEqualTo(3);
        assertThat(asked).hasSize(3);
    }

    @Test
    void anErrorIsAnAnswerToo() throws Exception {
        int answered = run(new WarmUp(List.of("/"), 3, LIMIT), exchange -> {
            throw new IllegalStateException("as the test wants");
        });
        assertThat(answered).isEqualTo(3);
    }

    @Test
    void aHandlerThatHangsEndsTheWarmUpAtItsTimeLimit() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        try {
            int answered = run(new WarmUp(List.of("/"), 3, Duration.ofMillis(200)), exchange -> {
                try (exchange) {
                    gate.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            });
            assertThat(answered).isZero();
        } finally {
            gate.countDown();
        }
    }

    @Test
    void nothingIsLeftBehind() throws Exception {
        run(new WarmUp(List.of("/"), 10, LIMIT), this::answer);
        FdLeakCheck descriptors = FdLeakCheck.ofThisJvm();
        run(new WarmUp(List.of("/"), 10, LIMIT), this::answer);
        descriptors.assertNone(LIMIT);
    }

    @Test
    void aPathThatNoRequestCanHaveIsRefused() {
        for (String path : List.of("", "a", "/a b", "/a\r\nX: y", "/ä")) {
            assertThatThrownBy(() -> WarmUp.of(path))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("must begin with / and be encoded");
        }
    }
}
