package dev.baton.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.drain.DrainReason;
import dev.baton.testkit.Http2Client;
import dev.baton.testkit.Http2Frame;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From HTTP/1.1 to HTTP/2 on one connection (RFC 7540, section 3.2). */
final class Http2UpgradeTest extends Http2ServerTest {
    private static final String SWITCHING =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";

    /** HEADER_TABLE_SIZE 0, as the client's decoder needs it. */
    private static final String HEADERS =
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAAAA\r\n";

    private BatonHttpServer serveUpgrades() throws IOException {
        return serve(
                HttpServerOptions.builder().http2Upgrade(true).build(),
                exchange -> answer(
                        exchange,
                        200,
                        exchange.getProtocol() + " " + exchange.getRequestURI() + " "
                                + exchange.getRequestHeaders().keySet().stream()
                                        .sorted()
                                        .toList()
                                + exchange.getRequestBody().readAllBytes().length));
    }

    private Http2Client ask(String requestLine, String headers, String rest) throws IOException {
        return connectRawly().send((requestLine + "\r\nHost: test\r\n" + headers + "\r\n" + rest).getBytes(US_ASCII));
    }

    private static String line(Http2Client client) throws IOException {
        StringBuilder line = new StringBuilder();
        while (line.length() == 0 || line.charAt(line.length() - 1) != '\n') {
            line.append((char) client.input().read());
        }
        return line.toString().trim();
    }

    @Test
    void theRequestThatAsksIsTheFirstStream() throws Exception {
        serveUpgrades();
        Http2Client client = ask("GET /a?b HTTP/1.1", HEADERS, "");

        assertThat(new String(client.input().readNBytes(SWITCHING.length()), US_ASCII))
                .isEqualTo(SWITCHING);
        client.preface();
        assertThat(client.response(1).text()).isEqualTo("HTTP/2 /a?b [Host]0");
        client.continueWithStream(3);
        assertThat(client.response(client.get("/next")).text()).isEqualTo("HTTP/2 /next [Host]0");
    }

    @Test
    void whatComesBehindTheRequestAtOnceIsNotLost() throws Exception {
        serveUpgrades();
        String preface = Http2Client.MAGIC
                + new String(Http2Frame.settings(1, 0).bytes(), ISO_8859_1)
                + new String(
                        Http2Frame.headers(
                                        3, true, ":method", "GET", ":scheme", "http", ":path", "/3", ":authority", "t")
                                .bytes(),
                        ISO_8859_1);
        Http2Client client = connectRawly()
                .send(("GET /1 HTTP/1.1\r\nHost: test\r\n" + HEADERS + "\r\n" + preface).getBytes(ISO_8859_1));

        client.input().readNBytes(SWITCHING.length());

        assertThat(client.response(3).text()).isEqualTo("HTTP/2 /3 [Host]0");
        assertThat(client.response(1).text()).isEqualTo("HTTP/2 /1 [Host]0");
    }

    @Test
    void aRequestWithABodyIsServedWithoutUpgrade() throws Exception {
        serveUpgrades();

        assertThat(line(ask("POST / HTTP/1.1", HEADERS + "Content-Length: 3\r\n", "abc")))
                .isEqualTo("HTTP/1.1 200 OK");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAAAA\r\n",
                "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEA\r\n",
                "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: ****\r\n",
                "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
            })
    void anUpgradeThatIsNotWellFormedIsIgnored(String headers) throws Exception {
        serveUpgrades();

        assertThat(line(ask("GET / HTTP/1.1", headers, ""))).isEqualTo("HTTP/1.1 200 OK");
    }

    @Test
    void duringADrainNothingIsUpgraded() throws Exception {
        BatonHttpServer server = serveUpgrades();
        var _ = server.connections().drain(DrainReason.SUCCEEDED);

        assertThat(line(ask("GET / HTTP/1.1", HEADERS, ""))).isEqualTo("HTTP/1.1 200 OK");
    }

    @Test
    void anUpgradedConnectionIsDrainedLikeAnyOther() throws Exception {
        BatonHttpServer server = serveUpgrades();
        Http2Client client = ask("GET / HTTP/1.1", HEADERS, "");
        client.input().readNBytes(SWITCHING.length());
        client.preface();
        client.response(1);

        var _ = server.connections().drain(DrainReason.SUCCEEDED);
        client.readToEnd();

        assertThat(client.goAways())
                .containsExactly(new Http2Client.GoAway(Integer.MAX_VALUE, 0), new Http2Client.GoAway(1, 0));
    }

    @Test
    void withoutTheOptionNothingIsUpgraded() throws Exception {
        serve(exchange -> answer(exchange, 200, ""));

        assertThat(line(ask("GET / HTTP/1.1", HEADERS, ""))).isEqualTo("HTTP/1.1 200 OK");
    }
}
