package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpHandler;
import dev.baton.http.RawClient.Response;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the JDK's public tests of its own server ask (test/jdk/com/sun/net/httpserver), as far as no other test here does;
 * {@code docs/http.md} lists all of them. Each test names the JDK's test or the number of the bug that it was written for.
 */
final class JdkScenariosTest extends HttpServerTest {
    private static final String POST_22 = "POST /test HTTP/1.1\r\nHost: t\r\nContent-Length: 22\r\n";
    private static final String BODY_22 = "<item desc=\"excuse\" />";

    private RawClient serving(HttpHandler handler) throws IOException {
        serve(handler);
        return connect();
    }

    // --- requests ---

    /** 6433018: a line end that does not belong to the body, and at once the next request. */
    @Test
    void anExtraLineEndAfterABodyIsSkipped() throws Exception {
        RawClient client = serving(
                exchange -> answer(exchange, 200, "" + exchange.getRequestBody().readAllBytes().length));

        client.send(POST_22 + "\r\n" + BODY_22 + "\r\nGET /test HTTP/1.1\r\nHost: t\r\n\r\n");

        assertThat(client.receive().text()).isEqualTo("22");
        assertThat(client.receive().text()).isEqualTo("0");
    }

    /** FixedLengthInputStream, 6756771: lengths beyond an int. */
    @Test
    void aBodyMayBeLongerThanAnIntCanCount() throws Exception {
        long length = 3L << 30;
        RawClient client = serving(exchange -> {
            long count = exchange.getRequestHeaders().getFirst("Content-Length").equals("" + length)
                    ? exchange.getRequestBody().skip(100)
                    : 0;
            answer(exchange, 200, "" + count);
        });

        client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: " + length + "\r\n\r\n")
                .send(new byte[100]);

        assertThat(client.receive().text()).isEqualTo("100");
        assertThat(client.isAtEnd()).isTrue();
    }

    /** InputNotRead, 8266761: one byte was read, the exchange and its streams are left open, no body is sent. */
    @Test
    void aHandlerNeedNeitherReadNorCloseTheRequest() throws Exception {
        RawClient client = serving(exchange -> {
            assertThat(exchange.getRequestBody().read()).isEqualTo('<');
            exchange.sendResponseHeaders(200, -1);
        });

        for (int i = 0; i < 2; i++) {
            assertThat(client.send(POST_22 + "\r\n" + BODY_22).receive().status())
                    .isEqualTo(200);
        }
    }

    /** TruncatedRequestBody, 8190793, for both framings. */
    @ParameterizedTest
    @ValueSource(
            strings = {"Content-Length: 200000\r\n\r\nfoo bar99", "Transfer-Encoding: chunked\r\n\r\n100\r\nFoo bar"})
    void aBodyThatIsCutShortIsNotTheEndOfTheBody(String cut) throws Exception {
        CompletableFuture<Integer> read = new CompletableFuture<>();
        RawClient client = serving(exchange -> {
            try {
                read.complete(exchange.getRequestBody().readAllBytes().length);
            } catch (IOException e) {
                read.completeExceptionally(e);
                throw e;
            }
        });
        client.send("POST /foo HTTP/1.1\r\nHost: t\r\n" + cut).close();

        assertThatThrownBy(() -> read.get(5, TimeUnit.SECONDS)).hasCauseInstanceOf(IOException.class);
    }

    // --- responses ---

    /** 8219083 (ZeroLengthOutputStream): an empty write and a close after "no body" are no mistake. */
    @Test
    void theBodyOfAResponseWithoutOneCanBeWrittenEmptyAndClosed() throws Exception {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        RawClient client = serving(exchange -> {
            var body = exchange.getResponseBody();
            exchange.sendResponseHeaders(200, -1);
            body.write(new byte[0]);
            body.flush();
            body.close();
            closed.complete(null);
        });

        assertThat(client.get("/").receive().status()).isEqualTo(200);
        closed.get(5, TimeUnit.SECONDS);
    }

    /** 6744329: single bytes across the border of an inner buffer. */
    @Test
    void singleBytesAfterALargePieceArrive() throws Exception {
        RawClient client = serving(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(new byte[8192]);
            for (int i = 0; i < 5; i++) {
                exchange.getResponseBody().write('x');
            }
            exchange.close();
        });

        assertThat(client.get("/").receive().content()).hasSize(8197).endsWith('x', 'x', 'x', 'x', 'x');
    }

    /** 6886436, 8211420: whatever the handler says, 204 has neither a body nor a length. */
    @ParameterizedTest
    @ValueSource(longs = {-1, 0, 5})
    void noContentHasNoLengthAndTheConnectionGoesOn(long length) throws Exception {
        RawClient client = serving(exchange -> {
            exchange.sendResponseHeaders(204, length);
            exchange.close();
        });

        for (int i = 0; i < 2; i++) {
            Response response = client.get("/").receive();
            assertThat(response.status()).isEqualTo(204);
            assertThat(response.headers("Content-Length")).isEmpty();
            assertThat(response.headers("Transfer-Encoding")).isEmpty();
        }
    }

    /** 8068795 (MissingTrailingSpace): a space follows the code whatever there is to say after it. */
    @ParameterizedTest
    @ValueSource(ints = {207, 299, 999})
    void everyStatusLineHasASpaceAfterTheCode(int code) throws Exception {
        RawClient client = serving(exchange -> exchange.sendResponseHeaders(code, -1));

        assertThat(client.get("/").receive().head().getFirst()).startsWith("HTTP/1.1 " + code + " ");
    }

    /** 6886723 (HeadTest), 8304963 (HeadKeepAlive): a handler may say of GET's body what it likes. */
    @ParameterizedTest
    @ValueSource(strings = {"Content-length: 1024", "Transfer-encoding: chunked"})
    void headIsAnsweredWhateverTheHandlerAnnounces(String header) throws Exception {
        String[] line = header.split(": ", 2);
        RawClient client = serving(exchange -> {
            exchange.getRequestBody().close();
            exchange.getResponseHeaders().add(line[0], line[1]);
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });

        for (int i = 0; i < 2; i++) {
            Response response =
                    client.send("HEAD / HTTP/1.1\r\nHost: t\r\n\r\n").receiveToHead();
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.header("Content-Length")).isEqualTo(line[0].startsWith("C") ? "1024" : null);
        }
    }

    /** 6529200: a client of HTTP/1.0 that asks for keep-alive has it until a response has no length. */
    @Test
    void http10KeepsTheConnectionWhileResponsesHaveALength() throws Exception {
        AtomicInteger count = new AtomicInteger();
        RawClient client = serving(exchange -> {
            exchange.sendResponseHeaders(200, count.getAndIncrement() == 0 ? 5 : 0);
            exchange.getResponseBody().write("hello".getBytes(StandardCharsets.US_ASCII));
            exchange.close();
        });
        String get = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";

        Response first = client.send(get).receive();
        Response second = client.send(get).receive();

        assertThat(first.text()).isEqualTo("hello");
        assertThat(first.header("Keep-Alive")).as("8289291: no max parameter").isNull();
        assertThat(second.text()).isEqualTo("hello");
        assertThat(second.header("Connection")).isEqualTo("close");
    }

    /** 8219083 (ExceptionKeepAlive). */
    @Test
    void aHandlerThatFailsAfterItsResponseDoesNotCostTheConnection() throws Exception {
        RawClient client = serving(exchange -> {
            exchange.sendResponseHeaders(200, -1);
            throw new NumberFormatException("after the response");
        });

        assertThat(client.get("/").receive().status()).isEqualTo(200);
        assertThat(client.get("/").receive().status()).isEqualTo(200);
    }

    /** AutoCloseableHttpExchange, 8203036. */
    @Test
    void closingTheExchangeClosesItsStreams() throws Exception {
        CompletableFuture<List<String>> messages = new CompletableFuture<>();
        RawClient client = serving(exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(200, 0);
            }
            List<String> seen = new ArrayList<>();
            try {
                exchange.getRequestBody().read();
            } catch (IOException e) {
                seen.add(String.valueOf(e.getMessage()));
            }
            try {
                exchange.getResponseBody().write('x');
            } catch (IOException e) {
                seen.add(String.valueOf(e.getMessage()));
            }
            messages.complete(seen);
        });

        assertThat(client.send(POST_22 + "\r\n" + BODY_22).receive().content()).isEmpty();
        assertThat(messages.get(5, TimeUnit.SECONDS)).containsExactly("the request body is closed", "stream closed");
    }
}
