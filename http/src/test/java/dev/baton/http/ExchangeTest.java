package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import dev.baton.http.RawClient.Response;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a handler gets of a request and can say in a response. */
final class ExchangeTest extends HttpServerTest {

    @ParameterizedTest
    @EnumSource
    void theHandlerSeesTheRequest(Transport transport) throws Exception {
        CompletableFuture<HttpExchange> seen = new CompletableFuture<>();
        serve(transport, HttpServerOptions.defaults(), exchange -> {
            seen.complete(exchange);
            answer(exchange, 200, "ok");
        });

        connect().send("""
                        PUT /a%20b?c=d HTTP/1.1\r
                        host: test\r
                        X-Twice: 1\r
                        x-twice: 2\r
                        \r
                        """).receive();

        HttpExchange exchange = seen.get(5, TimeUnit.SECONDS);
        assertThat(exchange.getRequestMethod()).isEqualTo("PUT");
        assertThat(exchange.getRequestURI().getPath()).isEqualTo("/a b");
        assertThat(exchange.getRequestURI().getQuery()).isEqualTo("c=d");
        assertThat(exchange.getProtocol()).isEqualTo("HTTP/1.1");
        assertThat(exchange.getRequestHeaders().getFirst("HOST")).isEqualTo("test");
        assertThat(exchange.getRequestHeaders().get("X-Twice")).containsExactly("1", "2");
        assertThat(exchange.getRemoteAddress().getAddress().isLoopbackAddress()).isTrue();
        int port = address() instanceof InetSocketAddress inet ? inet.getPort() : 0;
        assertThat(exchange.getLocalAddress().getPort()).isEqualTo(port);
        assertThat(exchange.getPrincipal()).isNull();
        assertThat(exchange.getResponseCode()).isEqualTo(200);
    }

    @Test
    void requestHeadersCannotBeChanged() throws Exception {
        CompletableFuture<HttpExchange> seen = new CompletableFuture<>();
        serve(exchange -> {
            seen.complete(exchange);
            answer(exchange, 200, "ok");
        });
        connect().get("/").receive();

        var headers = seen.get(5, TimeUnit.SECONDS).getRequestHeaders();
        assertThatThrownBy(() -> headers.set("A", "b")).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> headers.add("Host", "b")).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> headers.remove("Host")).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> Objects.requireNonNull(headers.get("Host")).add("b"))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> headers.entrySet().clear()).isInstanceOf(UnsupportedOperationException.class);
        assertThat(headers).hasToString("Headers { {Host=[test]} }");
    }

    @Test
    void aFixedLengthIsAnnounced() throws Exception {
        serve(exchange -> answer(exchange, 201, "made"));

        Response response = connect().get("/").receive();

        ZonedDateTime now = ZonedDateTime.now(ZoneOffset.UTC);
        assertThat(response.head().getFirst()).isEqualTo("HTTP/1.1 201 Created");
        assertThat(response.header("Content-Length")).isEqualTo("4");
        assertThat(response.header("Transfer-Encoding")).isNull();
        assertThat(response.text()).isEqualTo("made");
        assertThat(ZonedDateTime.parse(
                        Objects.requireNonNull(response.header("Date")), DateTimeFormatter.RFC_1123_DATE_TIME))
                .isBetween(now.minusMinutes(1), now.plusMinutes(1));
    }

    @Test
    void lengthZeroMeansChunks() throws Exception {
        serve(exchange -> {
            exchange.getResponseHeaders().set("Content-Length", "3");
            exchange.sendResponseHeaders(200, 0);
            try (var body = exchange.getResponseBody()) {
                body.write("one".getBytes(StandardCharsets.UTF_8));
                body.flush();
                body.write("two".getBytes(StandardCharsets.UTF_8));
            }
        });

        Response response = connect().get("/").receive();

        assertThat(response.header("Transfer-Encoding")).isEqualTo("chunked");
        assertThat(response.header("Content-Length")).isNull();
        assertThat(response.text()).isEqualTo("onetwo");
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 204, 205, 304, 404, 599})
    void lengthMinusOneMeansNoBody(int status) throws Exception {
        serve(exchange -> exchange.sendResponseHeaders(status, -1));

        RawClient client = connect();
        Response first = client.get("/").receive();
        Response second = client.get("/").receive();

        assertThat(first.status()).isEqualTo(status);
        assertThat(first.content()).isEmpty();
        assertThat(first.header("Content-Length")).isEqualTo(status == 204 || status == 304 ? null : "0");
        assertThat(second.status()).isEqualTo(status);
    }

    @ParameterizedTest
    @ValueSource(ints = {204, 304})
    void aStatusWithoutBodyIgnoresTheLength(int status) throws Exception {
        serve(exchange -> exchange.sendResponseHeaders(status, 10));

        RawClient client = connect();

        assertThat(client.get("/").receive().status()).isEqualTo(status);
        assertThat(client.get("/").receive().status()).isEqualTo(status);
    }

    @Test
    void misuseThrowsAndSaysWhy() throws Exception {
        CompletableFuture<List<String>> messages = new CompletableFuture<>();
        serve(exchange -> {
            byte[] content = {1, 2, 3};
            String early = message(() -> exchange.getResponseBody().write(1));
            exchange.sendResponseHeaders(200, 3);
            String twice = message(() -> exchange.sendResponseHeaders(200, 3));
            exchange.getResponseBody().write(content, 0, 2);
            String tooMany = message(() -> exchange.getResponseBody().write(content));
            exchange.getResponseBody().write(content, 2, 1);
            exchange.getResponseBody().close();
            String late = message(() -> exchange.getResponseBody().write(1));
            exchange.close();
            messages.complete(List.of(early, twice, tooMany, late));
        });

        Response response = connect().get("/").receive();

        assertThat(response.content()).containsExactly(1, 2, 3);
        assertThat(messages.get(5, TimeUnit.SECONDS))
                .satisfiesExactly(
                        early -> assertThat(early).isEqualTo("response headers not sent yet"),
                        twice -> assertThat(twice).isEqualTo("headers already sent"),
                        tooMany -> assertThat(tooMany).startsWith("too many bytes to write to stream"),
                        late -> assertThat(late).isEqualTo("stream closed"));
    }

    private interface Io {
        void run() throws IOException;
    }

    private static String message(Io misuse) {
        try {
            misuse.run();
            return "nothing was thrown";
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }

    @Test
    void aHeaderThatWouldSplitTheResponseFailsIt() throws Exception {
        serve(exchange -> {
            exchange.getResponseHeaders().put("X", new java.util.ArrayList<>(List.of("a")));
            Objects.requireNonNull(exchange.getResponseHeaders().get("X")).set(0, "a\r\nInjected: yes");
            answer(exchange, 200, "ok");
        });

        Response response = connect().get("/").receive();

        assertThat(response.status()).isEqualTo(500);
        assertThat(response.header("Injected")).isNull();
    }

    @Test
    void framingIsNotTheHandlersBusiness() throws Exception {
        serve(exchange -> {
            exchange.getResponseHeaders().set("Transfer-Encoding", "chunked");
            answer(exchange, 200, "four");
        });

        Response response = connect().get("/").receive();

        assertThat(response.header("Transfer-Encoding")).isNull();
        assertThat(response.header("Content-Length")).isEqualTo("4");
        assertThat(response.text()).isEqualTo("four");
    }

    @Test
    void attributesBelongToTheExchangeBeforeTheContext() throws Exception {
        BatonHttpServer server = BatonHttpServer.create();
        var context = server.createContext("/", exchange -> {
            String shared = String.valueOf(exchange.getAttribute("shared"));
            String own = String.valueOf(exchange.getAttribute("own"));
            exchange.setAttribute("own", "set");
            exchange.setAttribute("shared", null);
            answer(
                    exchange,
                    200,
                    shared + " " + own + " " + exchange.getAttribute("own") + " " + exchange.getAttribute("shared"));
        });
        context.getAttributes().put("shared", "everybody's");
        start(server, Transport.TCP);
        RawClient client = connect();

        assertThat(client.get("/").receive().text()).isEqualTo("everybody's null set null");
        assertThat(client.get("/").receive().text()).isEqualTo("everybody's null set null");
        assertThat(context.getAttributes()).containsOnlyKeys("shared");
    }

    @Test
    void anotherThreadMayCompleteTheExchange() throws Exception {
        CompletableFuture<HttpExchange> left = new CompletableFuture<>();
        serve(left::complete);
        RawClient client = connect().get("/");

        HttpExchange exchange = left.get(5, TimeUnit.SECONDS);
        answer(exchange, 200, "later");

        assertThat(client.receive().text()).isEqualTo("later");
    }

    @Test
    void whatWasWrittenIsSentWhenTheHandlerReturns() throws Exception {
        CompletableFuture<HttpExchange> left = new CompletableFuture<>();
        serve(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write("first".getBytes(StandardCharsets.UTF_8));
            left.complete(exchange);
        });
        RawClient client = connect().get("/");

        client.receiveHead();
        assertThat(client.exactly(10)).asString(StandardCharsets.UTF_8).isEqualTo("5\r\nfirst\r\n");
        left.get(5, TimeUnit.SECONDS).close();
        assertThat(client.exactly(5)).asString(StandardCharsets.UTF_8).isEqualTo("0\r\n\r\n");
    }

    @Test
    void informationalResponsesComeBeforeTheFinalOne() throws Exception {
        serve(exchange -> {
            exchange.getResponseHeaders().set("Link", "</style.css>");
            exchange.sendResponseHeaders(103, -1);
            answer(exchange, 200, "ok");
        });
        RawClient client = connect();

        for (int i = 0; i < 2; i++) {
            Response hint = client.get("/").receive();
            assertThat(hint.status()).isEqualTo(103);
            assertThat(hint.header("Link")).isEqualTo("</style.css>");
            assertThat(client.receive().text()).isEqualTo("ok");
        }
    }
}
