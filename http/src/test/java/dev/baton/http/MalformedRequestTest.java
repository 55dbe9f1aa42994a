package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.http.RawClient.Response;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that no handler may see, in particular those that two servers would cut at different places. */
final class MalformedRequestTest extends HttpServerTest {
    private final AtomicInteger handled = new AtomicInteger();

    private void serve() throws IOException {
        serve(exchange -> {
            handled.incrementAndGet();
            answer(exchange, 200, "ok");
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // Two lengths.
                "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 3, 3\r\n\r\n",
                // Lengths that are none.
                "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: +3\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: -3\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 0x3\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 3 3\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999999999999\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nContent-Length:\r\n\r\n",
                // Codings that are not understood everywhere.
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: xchunked\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding : chunked\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: \u000bchunked\r\n\r\n",
                "POST / HTTP/1.0\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: t\r\nSec-WebSocket-Key1: x\r\nSec-WebSocket-Key2: y\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n",
                // Lines that end or begin otherwise.
                "GET / HTTP/1.1\nHost: t\n\n",
                "GET / HTTP/1.1\r\nHost: t\nX: y\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: t\r\nX: a\r b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: t\r\nX: a\r\n b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: t\r\nX: a\r\n\tb\r\n\r\n",
                "GET / HTTP/1.1\r\n Host: t\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: t\r\nX : y\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: t\r\n: y\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: t\r\nno colon\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: t\r\nX: a\u0000b\r\n\r\n",
                // Request lines.
                "GET /\r\n\r\n",
                "GET\r\n\r\n",
                "GET / HTTP/1.1 x\r\nHost: t\r\n\r\n",
                "GET / FTP/1.1\r\nHost: t\r\n\r\n",
                "GET / HTTP/1.x\r\nHost: t\r\n\r\n",
                "GET /%zz HTTP/1.1\r\nHost: t\r\n\r\n",
                "CONNECT example.test:443 HTTP/1.1\r\nHost: t\r\n\r\n",
                "\u0000GET / HTTP/1.1\r\nHost: t\r\n\r\n",
                // Hosts.
                "GET / HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"
            })
    void isRefusedAndTheConnectionClosed(String request) throws Exception {
        serve();
        RawClient client = connect().send(request + "GET /smuggled HTTP/1.1\r\nHost: t\r\n\r\n");

        Response response = client.receive();

        assertThat(response.status()).isBetween(400, 505).isNotIn(404, 408, 500);
        assertThat(response.header("Connection")).isEqualTo("close");
        assertThat(client.isAtEnd()).isTrue();
        assertThat(handled).hasValue(0);
    }

    @Test
    void spacesAtTheBeginningOfABodyAreNoFoldedLine() throws Exception {
        serve();
        RawClient client = connect();

        for (int i = 0; i < 3; i++) {
            client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\n \n b");
            assertThat(client.receive().status()).isEqualTo(200);
        }
    }

    @Test
    void emptyLinesBeforeARequestAreIgnored() throws Exception {
        serve();
        RawClient client = connect();

        assertThat(client.send("\r\n\r\nGET / HTTP/1.1\r\nHost: t\r\n\r\n")
                        .receive()
                        .status())
                .isEqualTo(200);
        assertThat(client.send("\r\nGET / HTTP/1.1\r\nHost: t\r\n\r\n")
                        .receive()
                        .status())
                .isEqualTo(200);
    }

    @Test
    void limitsAreAnsweredWithTheirStatus() throws Exception {
        serve();

        assertThat(connect().get("/" + "x".repeat(9000)).receive().status()).isEqualTo(414);
        assertThat(connect()
                        .send("GET / HTTP/1.1\r\nHost: t\r\nX: " + "x".repeat(70_000) + "\r\n\r\n")
                        .receive()
                        .status())
                .isEqualTo(431);
        assertThat(connect()
                        .send("GET / HTTP/1.1\r\nHost: t\r\n" + "X: y\r\n".repeat(200) + "\r\n")
                        .receive()
                        .status())
                .isEqualTo(431);
        assertThat(connect()
                        .send("GET / HTTP/1.1\r\nHost: t\r\n" + "X: y\r\n".repeat(199) + "\r\n")
                        .receive()
                        .status())
                .isEqualTo(200);
        assertThat(connect().send("GET / HTTP/2.0\r\nHost: t\r\n\r\n").receive().status())
                .isEqualTo(505);
        assertThat(connect()
                        .send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")
                        .receive()
                        .status())
                .isEqualTo(501);
    }
}
