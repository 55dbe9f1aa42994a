package dev.baton.http;

import static dev.baton.testkit.Http2Frame.CONTINUATION;
import static dev.baton.testkit.Http2Frame.DATA;
import static dev.baton.testkit.Http2Frame.END_HEADERS;
import static dev.baton.testkit.Http2Frame.END_STREAM;
import static dev.baton.testkit.Http2Frame.GOAWAY;
import static dev.baton.testkit.Http2Frame.HEADERS;
import static dev.baton.testkit.Http2Frame.PADDED;
import static dev.baton.testkit.Http2Frame.PING;
import static dev.baton.testkit.Http2Frame.PRIORITY;
import static dev.baton.testkit.Http2Frame.PUSH_PROMISE;
import static dev.baton.testkit.Http2Frame.RST_STREAM;
import static dev.baton.testkit.Http2Frame.SETTINGS;
import static dev.baton.testkit.Http2Frame.WINDOW_UPDATE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Http2Client;
import dev.baton.testkit.Http2Client.GoAway;
import dev.baton.testkit.Http2Client.Response;
import dev.baton.testkit.Http2Frame;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What breaks the protocol, and what that costs the client: its stream or its connection. */
final class Http2ProtocolErrorTest extends Http2ServerTest {
    private static final int PROTOCOL_ERROR = 1;
    private static final int FLOW_CONTROL_ERROR = 3;
    private static final int STREAM_CLOSED = 5;
    private static final int FRAME_SIZE_ERROR = 6;
    private static final int REFUSED_STREAM = 7;
    private static final int COMPRESSION_ERROR = 9;
    private static final int ENHANCE_YOUR_CALM = 11;

    private static final String[] GET = {":method", "GET", ":scheme", "http", ":path", "/", ":authority", "test"};
    private static final String[] POST = {":method", "POST", ":scheme", "http", ":path", "/", ":authority", "test"};

    /** What a client sends after its preface, and what comes of it. */
    record Case(String section, String what, int error, List<Http2Frame> frames) {
        @Override
        public String toString() {
            return section + " " + what;
        }
    }

    private static Case of(String section, String what, int error, Http2Frame... frames) {
        return new Case(section, what, error, List.of(frames));
    }

    private static Http2Frame frame(int type, int flags, int stream, int... payload) {
        byte[] bytes = new byte[payload.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) payload[i];
        }
        return new Http2Frame(type, flags, stream, bytes);
    }

    private static Http2Frame request(String... lines) {
        return Http2Frame.headers(1, true, lines);
    }

    private static String[] and(String[] lines, String... more) {
        return Stream.concat(Arrays.stream(lines), Arrays.stream(more)).toArray(String[]::new);
    }

    private static Http2Frame get(int stream) {
        return Http2Frame.headers(stream, true, GET);
    }

    private static Http2Frame post(int stream) {
        return Http2Frame.headers(stream, false, POST);
    }

    private static Http2Frame part(Http2Frame whole, int type, int flags, int from, int to) {
        return new Http2Frame(type, flags, whole.stream(), Arrays.copyOfRange(whole.payload(), from, to));
    }

    static Stream<Case> connectionErrors() {
        Http2Frame get = get(1);
        int length = get.payload().length;
        return Stream.of(
                of(
                        "4.2",
                        "a frame larger than is allowed",
                        FRAME_SIZE_ERROR,
                        Http2Frame.data(1, false, new byte[16385])),
                of("4.3", "a header block that cannot be decoded", COMPRESSION_ERROR, frame(HEADERS, 5, 1, 0x80)),
                of("4.3", "a header that is not in the table", COMPRESSION_ERROR, frame(HEADERS, 5, 1, 0xff, 0x80, 1)),
                of("5.1", "DATA on an idle stream", PROTOCOL_ERROR, Http2Frame.data(1, true, new byte[1])),
                of("5.1", "RST_STREAM on an idle stream", PROTOCOL_ERROR, Http2Frame.reset(1, 8)),
                of("5.1", "WINDOW_UPDATE on an idle stream", PROTOCOL_ERROR, Http2Frame.windowUpdate(1, 10)),
                of("5.1.1", "a stream with an even number", PROTOCOL_ERROR, get(2)),
                of("5.1.1", "HEADERS on the connection", PROTOCOL_ERROR, get(0)),
                of("6.1", "DATA on the connection", PROTOCOL_ERROR, Http2Frame.data(0, false, new byte[1])),
                of("6.1", "padding longer than the frame", PROTOCOL_ERROR, post(1), frame(DATA, PADDED, 1, 5, 0)),
                of("6.2", "padding longer than HEADERS", PROTOCOL_ERROR, frame(HEADERS, PADDED | 5, 1, 9, 0x82)),
                of("6.3", "PRIORITY on the connection", PROTOCOL_ERROR, frame(PRIORITY, 0, 0, 0, 0, 0, 0, 0)),
                of("6.4", "RST_STREAM on the connection", PROTOCOL_ERROR, Http2Frame.reset(0, 8)),
                of("6.4", "RST_STREAM of a wrong size", FRAME_SIZE_ERROR, post(1), frame(RST_STREAM, 0, 1, 0, 0, 8)),
                of("6.5", "SETTINGS on a stream", PROTOCOL_ERROR, frame(SETTINGS, 0, 1)),
                of("6.5", "SETTINGS of a wrong size", FRAME_SIZE_ERROR, frame(SETTINGS, 0, 0, 0, 3, 0)),
                of(
                        "6.5",
                        "an acknowledgement with settings",
                        FRAME_SIZE_ERROR,
                        frame(SETTINGS, 1, 0, 0, 3, 0, 0, 0, 1)),
                of("6.5.2", "ENABLE_PUSH that is neither 0 nor 1", PROTOCOL_ERROR, Http2Frame.settings(2, 2)),
                of("6.5.2", "a window above the largest", FLOW_CONTROL_ERROR, Http2Frame.settings(4, 1 << 31)),
                of("6.5.2", "a frame size below the smallest", PROTOCOL_ERROR, Http2Frame.settings(5, 100)),
                of(
                        "6.6",
                        "a client that pushes",
                        PROTOCOL_ERROR,
                        post(1),
                        frame(PUSH_PROMISE, END_HEADERS, 1, 0, 0, 0, 2)),
                of("6.7", "PING on a stream", PROTOCOL_ERROR, frame(PING, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)),
                of("6.7", "PING of a wrong size", FRAME_SIZE_ERROR, frame(PING, 0, 0, 1, 2, 3)),
                of("6.8", "GOAWAY on a stream", PROTOCOL_ERROR, frame(GOAWAY, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)),
                of("6.9", "WINDOW_UPDATE of a wrong size", FRAME_SIZE_ERROR, frame(WINDOW_UPDATE, 0, 0, 0, 0, 1)),
                of("6.9", "WINDOW_UPDATE of nothing", PROTOCOL_ERROR, Http2Frame.windowUpdate(0, 0)),
                of(
                        "6.9.1",
                        "a window that overflows",
                        FLOW_CONTROL_ERROR,
                        Http2Frame.windowUpdate(0, Integer.MAX_VALUE)),
                of("6.10", "CONTINUATION after nothing", PROTOCOL_ERROR, frame(CONTINUATION, END_HEADERS, 1, 0x82)),
                of(
                        "6.10",
                        "another frame within a header block",
                        PROTOCOL_ERROR,
                        part(get, HEADERS, END_STREAM, 0, 5),
                        Http2Frame.ping(1)),
                of(
                        "6.10",
                        "CONTINUATION of another stream",
                        PROTOCOL_ERROR,
                        part(get, HEADERS, END_STREAM, 0, 5),
                        new Http2Frame(CONTINUATION, END_HEADERS, 3, Arrays.copyOfRange(get.payload(), 5, length))));
    }

    @ParameterizedTest
    @MethodSource("connectionErrors")
    void costsTheConnection(Case broken) throws Exception {
        serve(exchange -> answer(exchange, 200, "" + exchange.getRequestBody().readAllBytes().length));
        Http2Client client = connectHttp2();
        client.await(SETTINGS);

        for (Http2Frame frame : broken.frames()) {
            client.send(frame);
        }
        client.readToEnd();

        assertThat(client.goAways()).extracting(GoAway::error).containsExactly(broken.error());
    }

    static Stream<Case> streamErrors() {
        return Stream.of(
                of(
                        "5.1",
                        "DATA after the end of the request",
                        STREAM_CLOSED,
                        get(1),
                        Http2Frame.data(1, true, new byte[1])),
                of("6.9", "WINDOW_UPDATE of nothing", PROTOCOL_ERROR, post(1), Http2Frame.windowUpdate(1, 0)),
                of(
                        "6.9.1",
                        "a window that overflows",
                        FLOW_CONTROL_ERROR,
                        post(1),
                        Http2Frame.windowUpdate(1, 1 << 30),
                        Http2Frame.windowUpdate(1, 1 << 30)),
                of("8.1", "a second head that is no end", PROTOCOL_ERROR, post(1), post(1)),
                of(
                        "8.1",
                        "pseudo headers in trailers",
                        PROTOCOL_ERROR,
                        post(1),
                        Http2Frame.headers(1, true, ":path", "/")),
                of(
                        "8.1.1",
                        "a body longer than announced",
                        PROTOCOL_ERROR,
                        Http2Frame.headers(1, false, and(POST, "content-length", "1")),
                        Http2Frame.data(1, true, new byte[2])),
                of(
                        "8.1.1",
                        "a body shorter than announced",
                        PROTOCOL_ERROR,
                        Http2Frame.headers(1, false, and(POST, "content-length", "3")),
                        Http2Frame.data(1, true, new byte[2])),
                of(
                        "8.1.1",
                        "no body where one was announced",
                        PROTOCOL_ERROR,
                        request(and(POST, "content-length", "3"))),
                of(
                        "8.1.1",
                        "two lengths",
                        PROTOCOL_ERROR,
                        request(and(POST, "content-length", "0", "content-length", "1"))),
                of("8.1.1", "a length that is no number", PROTOCOL_ERROR, request(and(POST, "content-length", "+0"))),
                of("8.2", "a name in capitals", PROTOCOL_ERROR, request(and(GET, "X-Name", "1"))),
                of("8.2.1", "a name with a space", PROTOCOL_ERROR, request(and(GET, "x name", "1"))),
                of("8.2.1", "an empty name", PROTOCOL_ERROR, request(and(GET, "", "1"))),
                of("8.2.1", "a value with a line feed", PROTOCOL_ERROR, request(and(GET, "x-name", "1\nx: 2"))),
                of("8.2.1", "a value with a zero byte", PROTOCOL_ERROR, request(and(GET, "x-name", "1\0"))),
                of("8.2.1", "a value with a space before it", PROTOCOL_ERROR, request(and(GET, "x-name", " 1"))),
                of("8.2.2", "Connection", PROTOCOL_ERROR, request(and(GET, "connection", "close"))),
                of("8.2.2", "Transfer-Encoding", PROTOCOL_ERROR, request(and(GET, "transfer-encoding", "chunked"))),
                of("8.2.2", "Upgrade", PROTOCOL_ERROR, request(and(GET, "upgrade", "h2c"))),
                of("8.2.2", "Keep-Alive", PROTOCOL_ERROR, request(and(GET, "keep-alive", "1"))),
                of("8.2.2", "TE other than trailers", PROTOCOL_ERROR, request(and(GET, "te", "gzip"))),
                of(
                        "8.3",
                        "a pseudo header after others",
                        PROTOCOL_ERROR,
                        request("x-name", "1", ":method", "GET", ":scheme", "http", ":path", "/")),
                of("8.3", "an unknown pseudo header", PROTOCOL_ERROR, request(and(GET, ":unknown", "1"))),
                of("8.3", "a pseudo header of responses", PROTOCOL_ERROR, request(and(GET, ":status", "200"))),
                of("8.3", "two :path", PROTOCOL_ERROR, request(and(GET, ":path", "/two"))),
                of(
                        "8.3.1",
                        "no :method",
                        PROTOCOL_ERROR,
                        request(":scheme", "http", ":path", "/", ":authority", "test")),
                of(
                        "8.3.1",
                        "no :scheme",
                        PROTOCOL_ERROR,
                        request(":method", "GET", ":path", "/", ":authority", "test")),
                of(
                        "8.3.1",
                        "no :path",
                        PROTOCOL_ERROR,
                        request(":method", "GET", ":scheme", "http", ":authority", "test")),
                of(
                        "8.3.1",
                        "an empty :path",
                        PROTOCOL_ERROR,
                        request(":method", "GET", ":scheme", "http", ":path", "", ":authority", "test")),
                of(
                        "8.3.1",
                        "a :path that is a whole URI",
                        PROTOCOL_ERROR,
                        request(":method", "GET", ":scheme", "http", ":path", "http://test/", ":authority", "test")),
                of(
                        "8.3.1",
                        "a :method that is no name",
                        PROTOCOL_ERROR,
                        request(":method", "G T", ":scheme", "http", ":path", "/", ":authority", "test")),
                of("8.3.1", "a Host that differs from :authority", PROTOCOL_ERROR, request(and(GET, "host", "other"))),
                of(
                        "8.5",
                        "CONNECT with a :path",
                        PROTOCOL_ERROR,
                        request(":method", "CONNECT", ":path", "/", ":authority", "test")));
    }

    @ParameterizedTest
    @MethodSource("streamErrors")
    void costsTheStreamAndNoOther(Case broken) throws Exception {
        serve(exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            if (exchange.getRequestURI().getPath().equals("/")) {
                // Long enough for what comes behind the request.
                body = new byte[4 << 20];
            }
            exchange.sendResponseHeaders(200, Math.max(body.length, 1));
            exchange.getResponseBody().write(body.length == 0 ? new byte[1] : body);
            exchange.close();
        });
        Http2Client client = connectHttp2();

        for (Http2Frame frame : broken.frames()) {
            client.send(frame);
        }
        Response response = client.response(1);
        client.continueWithStream(7);

        assertThat(response.whole()).isFalse();
        assertThat(response.reset()).hasValue(broken.error());
        assertThat(client.response(client.get("/next")).status()).isEqualTo(200);
        assertThat(client.goAways()).isEmpty();
    }

    @Test
    void whatIsNotHttp2AfterThePrefaceCostsTheConnection() throws Exception {
        serve(exchange -> answer(exchange, 200, ""));
        Http2Client client = connectRawly()
                .send(Http2Client.MAGIC.getBytes(StandardCharsets.US_ASCII))
                .send("GET / HTTP/1.1\r\nHost: test\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

        client.readToEnd();

        assertThat(client.goAways()).extracting(GoAway::error).containsExactly(PROTOCOL_ERROR);
    }

    @Test
    void unknownFramesAndSettingsAreIgnored() throws Exception {
        serve(exchange -> answer(exchange, 200, "fine"));
        Http2Client client = connectHttp2()
                .send(frame(0x42, 0xff, 0, 1, 2, 3))
                .send(Http2Frame.settings(0x4242, 1))
                .send(frame(PRIORITY, 0, 9, 0, 0, 0, 0, 0));

        assertThat(client.response(client.get("/")).text()).isEqualTo("fine");
    }

    @Test
    void oneStreamMoreThanIsAllowedIsRefused() throws Exception {
        CountDownLatch released = new CountDownLatch(1);
        serve(exchange -> {
            try {
                released.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            answer(exchange, 200, "served");
        });
        Http2Client client = connectHttp2().synchronize();
        List<Integer> streams = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            streams.add(client.get("/"));
        }
        Response refused = client.response(client.get("/"));
        released.countDown();

        assertThat(refused.reset()).hasValue(REFUSED_STREAM);
        for (int stream : streams) {
            assertThat(client.response(stream).text()).isEqualTo("served");
        }
    }

    @Test
    void aHeadThatIsTooLargeIsAnswered431() throws Exception {
        serve(HttpServerOptions.builder().maxHeadSize(1000).build(), exchange -> answer(exchange, 200, ""));
        Http2Client client = connectHttp2().synchronize();

        assertThat(client.response(client.open("GET", "/", true, "x-large", "x".repeat(900)))
                        .status())
                .isEqualTo(431);
        assertThat(client.response(client.get("/")).status()).isEqualTo(200);
    }

    @Test
    void aHeadThatIsAQuarterAboveTheLimitCostsTheConnection() throws Exception {
        serve(HttpServerOptions.builder().maxHeadSize(1000).build(), exchange -> answer(exchange, 200, ""));
        Http2Client client = connectHttp2().synchronize();

        client.open("GET", "/", true, "x-large", "x".repeat(1200));
        client.readToEnd();

        assertThat(client.goAways()).extracting(GoAway::error).containsExactly(PROTOCOL_ERROR);
    }

    /** It may be one that was closed, and whose frames were on their way; section 5.1 lets a server take it for that. */
    @Test
    void aStreamBelowOneThatWasOpenedIsTakenForAClosedOne() throws Exception {
        serve(exchange -> answer(exchange, 200, "served"));
        Http2Client client = connectHttp2().send(get(5)).send(get(3));

        assertThat(client.response(3).reset()).hasValue(STREAM_CLOSED);
        assertThat(client.response(5).text()).isEqualTo("served");
    }

    @Test
    void aPathThatIsTooLongIsAnswered414() throws Exception {
        serve(HttpServerOptions.builder().maxRequestLine(100).build(), exchange -> answer(exchange, 200, ""));
        Http2Client client = connectHttp2();

        assertThat(client.response(client.get("/" + "x".repeat(200))).status()).isEqualTo(414);
    }

    // --- floods ---

    @Test
    void aClientThatResetsAllItOpensIsCutOff() throws Exception {
        serve(exchange -> answer(exchange, 200, ""));
        Http2Client client = connectHttp2();
        client.await(SETTINGS);

        sendUntilCut(client, () -> {
            int stream = client.get("/");
            client.send(Http2Frame.reset(stream, 8));
        });

        assertThat(client.goAways()).extracting(GoAway::error).containsExactly(ENHANCE_YOUR_CALM);
    }

    @Test
    void aClientThatProvokesResetsIsCutOff() throws Exception {
        serve(exchange -> answer(exchange, 200, ""));
        Http2Client client = connectHttp2();
        client.await(SETTINGS);

        sendUntilCut(client, () -> {
            int stream = client.open("POST", "/", false);
            client.send(Http2Frame.windowUpdate(stream, 0));
        });

        assertThat(client.goAways()).extracting(GoAway::error).containsExactly(ENHANCE_YOUR_CALM);
    }

    @Test
    void aHeadInEndlessPiecesIsCutOff() throws Exception {
        serve(exchange -> answer(exchange, 200, ""));
        Http2Client client = connectHttp2();
        client.await(SETTINGS);
        client.send(new Http2Frame(HEADERS, END_STREAM, 1, new byte[0]));

        sendUntilCut(client, () -> client.send(new Http2Frame(CONTINUATION, 0, 1, new byte[0])));

        assertThat(client.goAways()).extracting(GoAway::error).containsExactly(ENHANCE_YOUR_CALM);
    }

    @Test
    void aBodyOfEmptyPiecesIsCutOff() throws Exception {
        serve(exchange -> answer(exchange, 200, "" + exchange.getRequestBody().readAllBytes().length));
        Http2Client client = connectHttp2();
        client.await(SETTINGS);
        int stream = client.open("POST", "/", false);

        sendUntilCut(client, () -> client.send(Http2Frame.data(stream, false, new byte[0])));

        assertThat(client.goAways()).extracting(GoAway::error).containsExactly(ENHANCE_YOUR_CALM);
    }

    @FunctionalInterface
    private interface Attack {
        void once() throws IOException;
    }

    /** A thousand times, or until the server has closed; then reads what it has said. */
    private static void sendUntilCut(Http2Client client, Attack attack) throws Exception {
        for (int i = 0; i < 1000; i++) {
            try {
                attack.once();
            } catch (SocketException e) {
                break;
            }
        }
        client.readToEnd();
    }
}
