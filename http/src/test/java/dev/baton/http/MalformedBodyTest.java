package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.http.RawClient.Response;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Chunks that two servers would read differently, RFC 9112, section 7.1. The request's head is good. */
final class MalformedBodyTest extends HttpServerTest {
    private static final String HEAD = "POST /first HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n";
    private static final String SECOND = "GET /second HTTP/1.1\r\nHost: t\r\n\r\n";

    private final List<String> handled = new CopyOnWriteArrayList<>();

    private void serveReading() throws IOException {
        serve(exchange -> {
            handled.add(exchange.getRequestURI().getPath());
            answer(exchange, 200, "" + exchange.getRequestBody().readAllBytes().length);
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // Sizes.
                "+3\r\nabc\r\n0\r\n\r\n",
                "-3\r\nabc\r\n0\r\n\r\n",
                "0x3\r\nabc\r\n0\r\n\r\n",
                "3 \r\nabc\r\n0\r\n\r\n",
                " 3\r\nabc\r\n0\r\n\r\n",
                "\r\n3\r\nabc\r\n0\r\n\r\n",
                "3h\r\nabc\r\n0\r\n\r\n",
                "3,3\r\nabc\r\n0\r\n\r\n",
                "\u00b3\r\nabc\r\n0\r\n\r\n",
                "80000000\r\nabc\r\n0\r\n\r\n",
                "ffffffffffffffff3\r\nabc\r\n0\r\n\r\n",
                "100000003\r\nabc\r\n0\r\n\r\n",
                ";x=y\r\nabc\r\n0\r\n\r\n",
                // Line ends.
                "3\nabc\r\n0\r\n\r\n",
                "3\rabc\r\n0\r\n\r\n",
                "3\r\nabc\n0\r\n\r\n",
                "3\r\nabc0\r\n\r\n",
                "3\r\nabcd\r\n0\r\n\r\n",
                "3\r\nabc\r0\r\n\r\n",
                "3\r\nabc\r\n0\n\r\n",
                "3\r\nabc\r\n0\r\n\n",
                // Extensions.
                "3;x\nabc\r\n0\r\n\r\n",
                "3;x\rabc\r\n0\r\n\r\n",
                "3;x=\"\n\"\r\nabc\r\n0\r\n\r\n",
                "3;x=\"\r\n\"\r\nabc\r\n0\r\n\r\n",
                "3;x\u0000=y\r\nabc\r\n0\r\n\r\n",
                // Trailers.
                "3\r\nabc\r\n0\r\nX : y\r\n\r\n",
                "3\r\nabc\r\n0\r\nX: y\n\r\n",
                "3\r\nabc\r\n0\r\nno colon\r\n\r\n",
                "3\r\nabc\r\n0\r\n X: y\r\n\r\n",
                "3\r\nabc\r\n0\r\nX: a\u0000\r\n\r\n"
            })
    void isA400AndWhatFollowsIsNeverARequest(String body) throws Exception {
        serveReading();
        RawClient client = connect().send(HEAD + body + SECOND);

        Response response = client.receive();

        assertThat(response.status()).isEqualTo(400);
        assertThat(response.header("Connection")).isEqualTo("close");
        assertThat(client.isAtEnd()).isTrue();
        assertThat(handled).containsExactly("/first");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "3\r\nabc\r\n0\r\n\r\n",
                "0003\r\nabc\r\n0000\r\n\r\n",
                "3;x\r\nabc\r\n0;y\r\n\r\n",
                "3 ; x = \"a;b\\\"c\"\r\nabc\r\n0\r\n\r\n",
                "3\r\nabc\r\n0\r\nX: y\r\nZ:\r\n\r\n",
                "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n",
                // Trailers that claim to frame, or to be another header, change nothing.
                "3\r\nabc\r\n0\r\nContent-Length: 50\r\n\r\n",
                "3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
                "3\r\nabc\r\n0\r\nHost: other\r\nConnection: close\r\n\r\n"
            })
    void otherChunksAreServedAndTheConnectionGoesOn(String body) throws Exception {
        serveReading();
        RawClient client = connect().send(HEAD + body + SECOND);

        assertThat(client.receive().text()).isEqualTo("3");
        assertThat(client.receive().text()).isEqualTo("0");
        assertThat(handled).containsExactly("/first", "/second");
    }

    /** What is wrong with a body shows too late for another answer; but nothing of it becomes a request. */
    @Test
    void aHandlerThatDoesNotReadMayHaveAnsweredAndTheConnectionStillEnds() throws Exception {
        serve(exchange -> {
            handled.add(exchange.getRequestURI().getPath());
            answer(exchange, 200, "unread");
        });
        RawClient client = connect().send(HEAD + "3\r\nabcX\r\n0\r\n\r\n" + SECOND);

        assertThat(client.receive().text()).isEqualTo("unread");
        assertThat(client.isAtEnd()).isTrue();
        assertThat(handled).containsExactly("/first");
    }
}
