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
                "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5,5\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5;q=1\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5\u000b\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 9223372036854775808\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\n",
                "POST / HTTP/1.0\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
                "POST / HTTP/1.0\r\nContent-Length: 0\r\nCONTENT-LENGTH: 40\r\n\r\n",
                "POST / HTTP/1.0\r\nContent-Length: 3, 3\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nContent-Length : 5\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nContent\u0000-Length: 5\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nContent_Length: 5\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
                // Codings that are not understood everywhere.
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: xchunked\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding : chunked\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: \u000bchunked\r\n\r\n",
                "POST / HTTP/1.0\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n",
                "POST / HTTP/1.2\r\nHost: t\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding:\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: identity\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: identity\r\nContent-Length: 3\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked,\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: ,chunked\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked;q=1\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: \"chunked\"\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\u000c\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding:\r\n chunked\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding\u00a0: chunked\r\n\r\n",
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
                "GET / HTTP/1.1\r\nHost: t\r\nX: a\u0001b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: t\r\nX: a\u007fb\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: t\r\nX: a\u000bb\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: t\r\nX: \u0001\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: t\r\nX: a\r\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: t\r\nX\u0001: y\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: t\r\nX\u00e4: y\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: t\r\nX(: y\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: t\r\nX y: z\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: t\r\n\r: y\r\n\r\n",
                "GET / HTTP/1.1\rHost: t\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: t\r\n\n",
                // Request lines.
                "GET /\r\n\r\n",
                "GET\r\n\r\n",
                "GET / HTTP/1.1 x\r\nHost: t\r\n\r\n",
                "GET / FTP/1.1\r\nHost: t\r\n\r\n",
                "GET / HTTP/1.x\r\nHost: t\r\n\r\n",
                "GET /%zz HTTP/1.1\r\nHost: t\r\n\r\n",
                "CONNECT example.test:443 HTTP/1.1\r\nHost: t\r\n\r\n",
                "\u0000GET / HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET  / HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET /  HTTP/1.1\r\nHost: t\r\n\r\n",
                " GET / HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET / HTTP/1.1 \r\nHost: t\r\n\r\n",
                "GET\t/ HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET /\u000bHTTP/1.1\r\nHost: t\r\n\r\n",
                "GET\r/ HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET /a\tb HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET /a\u0000b HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET /a b HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET /a#fragment HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET a HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET * HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET //other/private HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET ?x HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET ftp://t/ HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET http:/x HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET http:///x HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET http://user@t/x HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET t:80 HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET / http/1.1\r\nHost: t\r\n\r\n",
                "GET / Http/1.1\r\nHost: t\r\n\r\n",
                "GET / HTTP/1.10\r\nHost: t\r\n\r\n",
                "GET / HTTP/01.1\r\nHost: t\r\n\r\n",
                "GET / HTTP/1\r\nHost: t\r\n\r\n",
                "GET / HTTP/+1.1\r\nHost: t\r\n\r\n",
                "GET / HTTP/0.9\r\nHost: t\r\n\r\n",
                "GET / HTTP/3.0\r\nHost: t\r\n\r\n",
                "G@T / HTTP/1.1\r\nHost: t\r\n\r\n",
                "G\u0001T / HTTP/1.1\r\nHost: t\r\n\r\n",
                "G\u00c4T / HTTP/1.1\r\nHost: t\r\n\r\n",
                // Hosts.
                "GET / HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n",
                "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
                "GET http://t/ HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: user@a\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a?b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a#b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: [a]b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: \u00e4\r\n\r\n"
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

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET / HTTP/1.1\r\nHost:\r\n\r\n",
                "GET / HTTP/1.1\r\nhOST: t:8080\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
                "GET / HTTP/1.1\r\nHost:\tt \t\r\nX:\r\nY: \u00e4\tb\r\n\r\n",
                "GET / HTTP/1.2\r\nHost: t\r\n\r\n",
                "GET http://t HTTP/1.1\r\nHost: t\r\n\r\n",
                "get / HTTP/1.1\r\nHost: t\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 003 \r\n\r\nabc",
                "POST / HTTP/1.1\r\nHost: t\r\nTRANSFER-ENCODING:  CHUNKED\t\r\n\r\n0\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n"
            })
    void whatIsUnusualAndClearIsServedAndTheConnectionGoesOn(String request) throws Exception {
        serve();
        RawClient client = connect().send(request);
        assertThat(client.receive().status()).isEqualTo(200);

        assertThat(client.get("/").receive().status()).isEqualTo(200);
    }

    /** RFC 9112, section 3.2.2: so a handler cannot be told one host by the target and another by the header. */
    @Test
    void theHostOfAWholeUriGoesBeforeTheHeader() throws Exception {
        serve(exchange ->
                answer(exchange, 200, exchange.getRequestHeaders().get("Host") + " " + exchange.getRequestURI()));
        RawClient client = connect().send("GET http://good:81/x HTTP/1.1\r\nHost: evil\r\n\r\n");

        assertThat(client.receive().text()).isEqualTo("[good:81] http://good:81/x");
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
