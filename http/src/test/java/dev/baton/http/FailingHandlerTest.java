package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpHandler;
import dev.baton.http.RawClient.Response;
import java.io.EOFException;
import java.io.IOException;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a client sees when a handler does not do its work. */
final class FailingHandlerTest extends HttpServerTest {

    static HttpHandler[] failuresBeforeAnythingWasSent() {
        return new HttpHandler[] {
            exchange -> {
                throw new IOException("test");
            },
            exchange -> {
                throw new IllegalStateException("test");
            },
            exchange -> {
                exchange.sendResponseHeaders(200, 10);
                exchange.getResponseBody().write(1);
                throw new IllegalStateException("test: nothing has left the server yet");
            },
            exchange -> {
                exchange.sendResponseHeaders(200, 10);
                exchange.close(); // Too early.
            },
            exchange -> exchange.close(),
            exchange -> exchange.sendResponseHeaders(2000, -1)
        };
    }

    @ParameterizedTest
    @MethodSource("failuresBeforeAnythingWasSent")
    void aFailureBeforeAnythingWasSentIsA500AndTheEnd(HttpHandler handler) throws Exception {
        serve(handler);
        RawClient client = connect().get("/");

        Response response = client.receive();

        assertThat(response.status()).isEqualTo(500);
        assertThat(response.header("Connection")).isEqualTo("close");
        assertThat(client.isAtEnd()).isTrue();
    }

    static HttpHandler[] failuresInTheMiddle() {
        return new HttpHandler[] {
            exchange -> {
                exchange.sendResponseHeaders(200, 10);
                exchange.getResponseBody().write(new byte[5]);
                exchange.getResponseBody().flush();
                throw new IllegalStateException("test");
            },
            exchange -> {
                exchange.sendResponseHeaders(200, 0);
                exchange.getResponseBody().write(new byte[5]);
                exchange.getResponseBody().flush();
                throw new IllegalStateException("test");
            },
            exchange -> {
                exchange.sendResponseHeaders(200, 10);
                exchange.getResponseBody().write(new byte[5]);
                exchange.getResponseBody().flush();
                exchange.close(); // Too early.
            }
        };
    }

    @ParameterizedTest
    @MethodSource("failuresInTheMiddle")
    void aFailureInTheMiddleCutsTheResponse(HttpHandler handler) throws Exception {
        serve(handler);
        RawClient client = connect().get("/");

        assertThatThrownBy(client::receive).isInstanceOf(EOFException.class);
    }

    @Test
    void aStreamThatWouldEndWithTheConnectionIsReset() throws Exception {
        serve(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(new byte[5]);
            exchange.getResponseBody().flush();
            throw new IllegalStateException("test");
        });
        RawClient client = connect().send("GET / HTTP/1.0\r\n\r\n");

        assertThatThrownBy(client::receive).isInstanceOf(IOException.class).hasMessageContaining("reset");
    }

    @Test
    void aFailureAfterTheResponseChangesNothing() throws Exception {
        serve(exchange -> {
            answer(exchange, 200, "complete");
            throw new IllegalStateException("test");
        });
        RawClient client = connect();

        assertThat(client.get("/").receive().text()).isEqualTo("complete");
        assertThat(client.get("/").receive().text()).isEqualTo("complete");
    }

    @Test
    void anExecutorThatRefusesIsA503() throws Exception {
        BatonHttpServer server = BatonHttpServer.create();
        server.createContext("/", exchange -> answer(exchange, 200, "never"));
        server.setExecutor(task -> {
            throw new RejectedExecutionException("test");
        });
        start(server, Transport.TCP);
        RawClient client = connect().get("/");

        assertThat(client.receive().status()).isEqualTo(503);
        assertThat(client.isAtEnd()).isTrue();
    }

    @Test
    void aRequestWithoutContextIs404AndTheConnectionGoesOn() throws Exception {
        BatonHttpServer server = BatonHttpServer.create();
        server.createContext("/there", exchange -> answer(exchange, 200, "there"));
        server.createContext("/empty");
        start(server, Transport.TCP);
        RawClient client = connect();

        assertThat(client.get("/").receive().status()).isEqualTo(404);
        assertThat(client.send("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n")
                        .receiveToHead()
                        .status())
                .isEqualTo(404);
        assertThat(client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc")
                        .receive()
                        .status())
                .isEqualTo(404);
        assertThat(client.get("/empty").receive().status()).isEqualTo(500);
        assertThat(client.get("/there").receive().text()).isEqualTo("there");
    }
}
