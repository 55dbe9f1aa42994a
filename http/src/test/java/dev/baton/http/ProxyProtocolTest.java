package dev.baton.http;

import static dev.baton.http.ProxyHeaders.addresses;
import static dev.baton.http.ProxyHeaders.v1;
import static dev.baton.http.ProxyHeaders.v2;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import dev.baton.drain.ConnectionSnapshot;
import dev.baton.drain.ConnectionState;
import dev.baton.drain.DrainOptions;
import dev.baton.drain.DrainReason;
import dev.baton.drain.DrainResult;
import dev.baton.drain.IdlePolicy;
import dev.baton.testkit.Await;
import dev.baton.testkit.Http2Client;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The PROXY protocol in front of HTTP without TLS. */
final class ProxyProtocolTest extends Http2ServerTest {
    private static final Duration SOON = Duration.ofSeconds(15);
    private static final byte[] TCP4 = v1("TCP4 203.0.113.7 198.51.100.9 40000 443");
    private static final String CLIENT4 = "203.0.113.7:40000 to 198.51.100.9:443";
    private static final String GET = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

    private static HttpServerOptions.Builder options() {
        return HttpServerOptions.builder().proxyProtocol(true);
    }

    private BatonHttpServer serve() throws IOException {
        return serve(options().build(), ProxyProtocolTest::answerAddresses);
    }

    private static void answerAddresses(HttpExchange exchange) throws IOException {
        answer(exchange, 200, text(exchange.getRemoteAddress()) + " to " + text(exchange.getLocalAddress()));
    }

    private static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }

    private String seenBehind(byte[] header) throws IOException {
        return connect().send(header).get("/").receive().text();
    }

    private static byte[] withRequest(byte[] header) {
        byte[] all = Arrays.copyOf(header, header.length + GET.length());
        System.arraycopy(GET.getBytes(US_ASCII), 0, all, header.length, GET.length());
        return all;
    }

    // --- addresses ---

    static Stream<byte[]> headersOfAClient() throws Exception {
        byte[] block = addresses("203.0.113.7", 40000, "198.51.100.9", 443);
        byte[] extended = addresses("203.0.113.7", 40000, "198.51.100.9", 443, ProxyHeaders.extension(524));
        return Stream.of(
                TCP4,
                v2(ProxyHeaders.PROXY, ProxyHeaders.TCP4, block),
                v2(ProxyHeaders.PROXY, ProxyHeaders.TCP4, extended));
    }

    @ParameterizedTest
    @MethodSource("headersOfAClient")
    void theAddressesOfAnExchangeAreThoseOfTheHeader(byte[] header) throws Exception {
        serve();
        assertThat(seenBehind(header)).isEqualTo(CLIENT4);
    }

    @Test
    void theHeaderCountsForEveryRequestOfItsConnectionAndForNoOther() throws Exception {
        serve();
        RawClient client = connect().send(TCP4);
        client.get("/").receive();
        assertThat(seenBehind(v1("TCP4 192.0.2.1 192.0.2.2 1 2"))).isEqualTo("192.0.2.1:1 to 192.0.2.2:2");
        assertThat(client.get("/").receive().text()).isEqualTo(CLIENT4);
    }

    @Test
    void addressesOfVersion6AreUnderstoodInBothVersions() throws Exception {
        serve();
        String expected = "2001:db8:0:0:0:0:0:7:40000 to 2001:db8:0:0:0:0:0:9:443";
        assertThat(seenBehind(v1("TCP6 2001:db8::7 2001:db8::9 40000 443"))).isEqualTo(expected);
        assertThat(seenBehind(
                        v2(ProxyHeaders.PROXY, ProxyHeaders.TCP6, addresses("2001:db8::7", 40000, "2001:db8::9", 443))))
                .isEqualTo(expected);
    }

    @Test
    void aClientOnAUnixSocketOfTheProxyIsTheLoopbackAddress() throws Exception {
        serve();
        byte[] block = new byte[216];
        System.arraycopy("/run/a".getBytes(US_ASCII), 0, block, 0, 6);
        System.arraycopy("/run/b".getBytes(US_ASCII), 0, block, 108, 6);
        assertThat(seenBehind(v2(ProxyHeaders.PROXY, ProxyHeaders.UNIX, block)))
                .isEqualTo("127.0.0.1:0 to 127.0.0.1:0");
    }

    static Stream<byte[]> headersOfNoClient() throws Exception {
        return Stream.of(
                v1("UNKNOWN"),
                v1("UNKNOWN ffff::1 ffff::2 65535 65535"),
                v2(ProxyHeaders.LOCAL, ProxyHeaders.UNSPEC, new byte[0]),
                v2(ProxyHeaders.LOCAL, ProxyHeaders.TCP4, addresses("203.0.113.7", 1, "198.51.100.9", 2)),
                v2(ProxyHeaders.PROXY, ProxyHeaders.UNSPEC, new byte[5]));
    }

    @ParameterizedTest
    @MethodSource("headersOfNoClient")
    void aHeaderThatSpeaksOfNoClientLeavesTheAddressesOfTheSocket(byte[] header) throws Exception {
        serve();
        assertThat(seenBehind(header)).matches("127\\.0\\.0\\.1:[1-9]\\d* to " + text((InetSocketAddress) address()));
    }

    @Test
    void theRegistryNamesTheClientOfTheHeader() throws Exception {
        BatonHttpServer server = serve();
        seenBehind(TCP4);
        assertThat(server.connections().snapshot())
                .extracting(ConnectionSnapshot::peer)
                .containsExactly(new InetSocketAddress("203.0.113.7", 40000));
    }

    @Test
    void aHijackedConnectionHasTheAddressesOfTheHeader() throws Exception {
        serve(options().build(), exchange -> {
            HijackedConnection taken = HijackedConnection.upgrade(exchange, "echo");
            taken.output()
                    .write((taken.remoteAddress() + " to " + taken.localAddress() + "\r\n\r\n").getBytes(US_ASCII));
            taken.close();
        });
        RawClient client =
                connect().send(TCP4).send("GET / HTTP/1.1\r\nHost: t\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
        assertThat(client.receive().status()).isEqualTo(101);
        assertThat(client.receiveHead()).containsExactly("/203.0.113.7:40000 to /198.51.100.9:443");
    }

    // --- how it comes ---

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aHeaderAndARequestInOneSegmentAreBothRead(boolean http2) throws Exception {
        serve(options().http2(http2).build(), ProxyProtocolTest::answerAddresses);
        RawClient client = connect().send(withRequest(TCP4));
        assertThat(client.receive().text()).isEqualTo(CLIENT4);
        assertThat(client.get("/").receive().text()).isEqualTo(CLIENT4);
    }

    @ParameterizedTest
    @MethodSource("headersOfAClient")
    void aHeaderAndARequestMayComeByteByByte(byte[] header) throws Exception {
        serve();
        RawClient client = connect();
        for (byte each : withRequest(header)) {
            client.send(new byte[] {each});
        }
        assertThat(client.receive().text()).isEqualTo(CLIENT4);
    }

    @Test
    void aHeaderAndARequestMayBeCutAnywhere() throws Exception {
        serve();
        byte[] all = withRequest(TCP4);
        for (int cut = 1; cut < all.length; cut++) {
            try (RawClient client = connect()) {
                client.send(Arrays.copyOf(all, cut)).send(Arrays.copyOfRange(all, cut, all.length));
                assertThat(client.receive().text()).as("cut at %s", cut).isEqualTo(CLIENT4);
            }
        }
    }

    @Test
    void http2WithPriorKnowledgeMayFollow() throws Exception {
        serve();
        Http2Client client = connectRawly().send(TCP4).preface();
        assertThat(client.response(client.get("/")).text()).isEqualTo(CLIENT4);
    }

    // --- what is refused ---

    static Stream<byte[]> refused() throws Exception {
        byte[] block = addresses("203.0.113.7", 40000, "198.51.100.9", 443);
        byte[] tooLong = addresses("203.0.113.7", 40000, "198.51.100.9", 443, ProxyHeaders.extension(525));
        byte[] version3 = v2(0x31, ProxyHeaders.TCP4, block);
        return Stream.of(
                GET.getBytes(US_ASCII),
                "G".getBytes(US_ASCII),
                "PROXY\r\n".getBytes(US_ASCII),
                "PROXY \r\n".getBytes(US_ASCII),
                "PROXY TCP4 203.0.113.7 198.51.100.9 40000 443\n".getBytes(US_ASCII),
                v1("TCP4 203.0.113.7 198.51.100.9 40000"),
                v1("TCP4 203.0.113.7 198.51.100.9 40000 65536"),
                v1("TCP4 2001:db8::7 2001:db8::9 40000 443"),
                v1("TCP4 example.test example.test 40000 443"),
                v1("UDP4 203.0.113.7 198.51.100.9 40000 443"),
                v1("UNKNOWN " + "x".repeat(92)),
                ("PROXY UNKNOWN " + "x".repeat(93)).getBytes(US_ASCII),
                Arrays.copyOf(version3, 13),
                v2(0x22, ProxyHeaders.TCP4, block),
                v2(ProxyHeaders.PROXY, 0x41, block),
                v2(ProxyHeaders.PROXY, ProxyHeaders.TCP6, block),
                v2(ProxyHeaders.PROXY, ProxyHeaders.UNIX, new byte[215]),
                Arrays.copyOf(v2(ProxyHeaders.PROXY, ProxyHeaders.TCP4, tooLong), 16),
                "\r\n\r\n\0\r\nQUIX".getBytes(US_ASCII));
    }

    /** At once: nothing here waits for the time that a header may take. */
    @ParameterizedTest
    @MethodSource("refused")
    void aConnectionWithoutAWellFormedHeaderIsClosedWithoutAnAnswer(byte[] begin) throws Exception {
        BatonHttpServer server =
                serve(options().headTimeout(Duration.ZERO).build(), ProxyProtocolTest::answerAddresses);
        RawClient client = connect().send(begin);

        assertThat(endOf(client)).isEmpty();
        Await.state("no connection", SOON, () -> server.connections().size() == 0);
    }

    @Test
    void theLongestLineOfVersion1IsTaken() throws Exception {
        serve();
        assertThat(seenBehind(v1("UNKNOWN " + "x".repeat(91)))).startsWith("127.0.0.1:");
    }

    /** What came before the end; a reset is an end too, where the server has not read all. */
    private static String endOf(RawClient client) throws IOException {
        try {
            return new String(client.input().readAllBytes(), US_ASCII);
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("reset");
            return "";
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "P", "PROXY TCP4 203.0.113.7 198.51"})
    void aHeaderThatIsNotCompleteInTimeEndsTheConnection(String begin) throws Exception {
        serve(options().headTimeout(Duration.ofMillis(300)).build(), ProxyProtocolTest::answerAddresses);
        assertThat(endOf(connect().send(begin))).isEmpty();
    }

    @Test
    void theTimeForAHeaderEndsWithTheHeader() throws Exception {
        Duration time = Duration.ofMillis(300);
        serve(
                options().headTimeout(time).idleTimeout(time.multipliedBy(3)).build(),
                ProxyProtocolTest::answerAddresses);
        long begun = System.nanoTime();
        RawClient client = connect().send(TCP4);

        assertThat(client.isAtEnd()).isTrue();
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(time.multipliedBy(3));
    }

    @Test
    void aHeaderOnAServerThatExpectsNoneIsABadRequest() throws Exception {
        serve(HttpServerOptions.defaults(), ProxyProtocolTest::answerAddresses);
        assertThat(connect().send(TCP4).receive().status()).isEqualTo(400);
    }

    // --- states and drain ---

    @ParameterizedTest
    @ValueSource(strings = {"G", "PRI"})
    void aConnectionIsNewUntilTheFirstByteBehindTheHeader(String begin) throws Exception {
        BatonHttpServer server = serve();
        List<ConnectionState> states = Collections.synchronizedList(new ArrayList<>());
        CompletableFuture<Void> active = new CompletableFuture<>();
        server.connections().onStateChange((_, _, to) -> {
            states.add(to);
            if (to == ConnectionState.ACTIVE) {
                active.complete(null);
            }
        });
        RawClient client = connect().send(TCP4);
        Await.state("the header", SOON, () -> received(server) == TCP4.length);
        assertThat(states).containsExactly(ConnectionState.NEW);

        client.send(begin);
        Await.event("the first byte", active, SOON);
        assertThat(states).containsExactly(ConnectionState.NEW, ConnectionState.ACTIVE);
    }

    @Test
    void theFirstByteInTheSegmentOfTheHeaderMakesAConnectionActive() throws Exception {
        BatonHttpServer server = serve();
        connect().send(new String(TCP4, US_ASCII) + "PRI");
        Await.state(
                "an active connection",
                SOON,
                () -> server.connections().snapshot().stream()
                        .anyMatch(each -> each.state() == ConnectionState.ACTIVE));
    }

    private static long received(BatonHttpServer server) {
        return server.connections().snapshot().stream()
                .mapToLong(ConnectionSnapshot::bytesReceived)
                .sum();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "PROXY TCP4 203", "PROXY TCP4 203.0.113.7 198.51.100.9 40000 443\r\n"})
    void aDrainClosesWhoHasSentNoMoreThanAHeaderAfterTheGraceForNewConnections(String begin) throws Exception {
        Duration grace = Duration.ofMillis(500);
        BatonHttpServer server = serveWithGrace(grace);
        long begun = System.nanoTime();
        RawClient client = connect().send(begin);
        Await.state(
                "what was sent", SOON, () -> server.connections().size() == 1 && received(server) == begin.length());

        CompletableFuture<DrainResult> drained = server.connections().drain(DrainReason.SUCCEEDED);

        assertThat(client.isAtEnd()).isTrue();
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(grace);
        assertThat(Await.event("the drain", drained, SOON)).isEqualTo(DrainResult.COMPLETED);
    }

    @Test
    void aRequestBehindAHeaderThatCameBeforeTheDrainIsServedAndTheLast() throws Exception {
        BatonHttpServer server = serveWithGrace(Duration.ofSeconds(20));
        RawClient client = connect().send(TCP4);
        Await.state("the header", SOON, () -> received(server) == TCP4.length);

        CompletableFuture<DrainResult> drained = server.connections().drain(DrainReason.SUCCEEDED);
        RawClient.Response response = client.get("/").receive();

        assertThat(response.text()).isEqualTo(CLIENT4);
        assertThat(response.header("Connection")).isEqualTo("close");
        assertThat(client.isAtEnd()).isTrue();
        client.close();
        assertThat(Await.event("the drain", drained, SOON)).isEqualTo(DrainResult.COMPLETED);
    }

    private BatonHttpServer serveWithGrace(Duration grace) throws IOException {
        BatonHttpServer server = BatonHttpServer.create(
                options().build(),
                DrainOptions.builder()
                        .idlePolicy(IdlePolicy.CLOSE)
                        .newConnectionGrace(grace)
                        .build());
        server.createContext("/", ProxyProtocolTest::answerAddresses);
        return start(server, Transport.TCP);
    }
}
