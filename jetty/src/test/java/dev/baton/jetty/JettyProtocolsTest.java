package dev.baton.jetty;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.ListenAddress;
import dev.baton.Listener;
import dev.baton.Listeners;
import dev.baton.Participant.DrainReason;
import dev.baton.drain.ConnectionState;
import dev.baton.drain.DrainOptions;
import dev.baton.testkit.Answer;
import dev.baton.testkit.Await;
import dev.baton.testkit.ContractHandler;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Http2Client;
import dev.baton.testkit.Http2Frame;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
import dev.baton.testkit.TestCertificate;
import dev.baton.testkit.TlsTransport;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.ProxyConnectionFactory;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of connections that speak more than plain HTTP/1.1, and of those that Jetty refuses to serve. */
@Timeout(60)
class JettyProtocolsTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final Request GET = Request.get("/", ExpectedBody.anything());
    private static final byte[] UPGRADE =
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n".getBytes(US_ASCII);

    private final Listener listener;
    private final Server jetty = new Server();
    private final CompletableFuture<Void> reached = new CompletableFuture<>();
    private final CompletableFuture<Void> gate = new CompletableFuture<>();
    private Duration idleTimeout = Duration.ofSeconds(30);
    private BatonConnector connector;
    private JettyServer server;

    JettyProtocolsTest() throws IOException {
        listener = Listeners.bind(ListenAddress.parse("127.0.0.1:0"), 0);
        connector = new BatonConnector(jetty, listener);
        server = connector.participant();
    }

    /** Waits at the gate if asked for {@code /held}. */
    private final ContractHandler handler = exchange -> {
        if (exchange.path().equals("/held")) {
            reached.complete(null);
            gate.join();
        }
        exchange.respond(200, "whole");
    };

    private void serve(Duration idleGrace, Handler handler, ConnectionFactory... factories) throws Exception {
        DrainOptions options = DrainOptions.builder().idleGrace(idleGrace).build();
        connector = new BatonConnector(jetty, listener, options, factories);
        connector.setIdleTimeout(idleTimeout.toMillis());
        server = connector.participant();
        jetty.addConnector(connector);
        jetty.setHandler(handler);
        jetty.start();
        Await.event("the server to accept", server.resume(), SOON);
    }

    private void serve(Duration idleGrace, ConnectionFactory... factories) throws Exception {
        serve(idleGrace, new ContractJettyHandler(handler), factories);
    }

    @AfterEach
    void close() throws Exception {
        gate.complete(null);
        server.close();
        jetty.stop();
        listener.close();
    }

    private StrictConnection connect() throws IOException {
        return StrictConnection.open(listener.localAddress());
    }

    private CompletableFuture<Void> drain() throws InterruptedException {
        Await.event("the park", server.park(), SOON);
        return server.drain(DrainReason.SUCCEEDED);
    }

    private void awaitState(ConnectionState state) throws Exception {
        Await.state(
                "the connection to be " + state,
                SOON,
                () -> server.connections().snapshot().stream().anyMatch(each -> each.state() == state));
    }

    /** What an application does that takes the connection: it answers 101 and goes on with another protocol. */
    private static final class Upgrading extends Handler.Abstract {
        private final boolean reads;

        Upgrading(boolean reads) {
            this.reads = reads;
        }

        @Override
        public boolean handle(org.eclipse.jetty.server.Request request, Response response, Callback callback) {
            EndPoint endPoint = request.getConnectionMetaData().getConnection().getEndPoint();
            request.setAttribute(HttpStream.UPGRADE_CONNECTION_ATTRIBUTE, new Echo(endPoint, request, reads));
            response.setStatus(101);
            response.getHeaders().put(HttpHeader.CONNECTION, "Upgrade");
            response.getHeaders().put(HttpHeader.UPGRADE, "echo");
            response.write(true, null, callback);
            return true;
        }
    }

    private static final class Echo extends AbstractConnection {
        private final boolean reads;

        Echo(EndPoint endPoint, org.eclipse.jetty.server.Request request, boolean reads) {
            super(endPoint, request.getComponents().getExecutor());
            this.reads = reads;
        }

        @Override
        public void onOpen() {
            super.onOpen();
            if (reads) {
                fillInterested();
            }
        }

        @Override
        public void onFillable() {
            close();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anUpgradedConnectionIsTheApplicationsAndIsNotWaitedFor(boolean reads) throws Exception {
        serve(Duration.ZERO, new Upgrading(reads), JettyUnderTest.http());
        CompletableFuture<Void> hijacked = new CompletableFuture<>();
        server.connections().onStateChange((_, _, to) -> {
            if (to == ConnectionState.HIJACKED) {
                hijacked.complete(null);
            }
        });
        try (StrictConnection client = connect()) {
            client.write(UPGRADE);
            client.readUntil("\r\n\r\n", SOON);
            Await.event("the upgrade", hijacked, SOON);
            Await.event("the drain", drain(), SOON);
            assertThat(client.awaitEnd(Duration.ofMillis(200))).isEqualTo(StrictConnection.Ending.STILL_OPEN);
        }
    }

    @Test
    void anUpgradeInADrainIsNotToldToClose() throws Exception {
        serve(Duration.ofSeconds(30), new Upgrading(true), JettyUnderTest.http());
        try (StrictConnection client = connect()) {
            awaitState(ConnectionState.NEW);
            CompletableFuture<Void> drained = drain();
            client.write(UPGRADE);
            assertThat(client.readUntil("\r\n\r\n", SOON))
                    .startsWith("HTTP/1.1 101")
                    .containsOnlyOnce("Connection:")
                    .containsIgnoringCase("Connection: Upgrade")
                    .doesNotContainIgnoringCase("close");
            Await.event("the drain", drained, SOON);
        }
    }

    @Test
    void aRequestBehindTheProxyProtocolIsWaitedFor() throws Exception {
        serve(Duration.ZERO, new ProxyConnectionFactory(), new HttpConnectionFactory());
        try (StrictConnection client = connect()) {
            client.write("PROXY TCP4 192.0.2.1 192.0.2.2 5 6\r\n".getBytes(US_ASCII));
            client.write("GET /held HTTP/1.1\r\nHost: h\r\n\r\n".getBytes(US_ASCII));
            Await.event("the request", reached, SOON);
            CompletableFuture<Void> drained = drain();
            assertThat(drained).isNotDone();
            gate.complete(null);
            Answer answer = (Answer) client.receive(GET, SOON);
            assertThat(answer.text()).isEqualTo("whole");
            assertThat(answer.announcesClose()).isTrue();
            Await.event("the drain", drained, SOON);
        }
    }

    @Test
    void aRequestWithinTlsBehindTheProxyProtocolIsWaitedFor() throws Exception {
        TestCertificate certificate = TestCertificate.create();
        ConnectionFactory[] https = JettyUnderTest.https(certificate);
        serve(Duration.ZERO, new ProxyConnectionFactory(), https[0], https[1]);
        InetSocketAddress address = (InetSocketAddress) listener.localAddress();
        SSLContext context = certificate.clientContext();
        try (Socket plain = new Socket(address.getAddress(), address.getPort())) {
            plain.getOutputStream().write("PROXY TCP4 192.0.2.1 192.0.2.2 5 6\r\n".getBytes(US_ASCII));
            SSLSocket socket =
                    (SSLSocket) context.getSocketFactory().createSocket(plain, "127.0.0.1", address.getPort(), true);
            socket.getOutputStream().write("GET /held HTTP/1.1\r\nHost: h\r\n\r\n".getBytes(US_ASCII));
            Await.event("the request", reached, SOON);
            CompletableFuture<Void> drained = drain();
            assertThat(drained).isNotDone();
            gate.complete(null);
            assertThat(new String(socket.getInputStream().readAllBytes(), US_ASCII))
                    .contains("Connection: close")
                    .endsWith("whole");
            Await.event("the drain", drained, SOON);
        }
    }

    @Test
    void aTlsConnectionWithoutARequestEndsByACloseNotifyAndIsToldNothingInClear() throws Exception {
        idleTimeout = Duration.ofSeconds(2);
        TestCertificate certificate = TestCertificate.create();
        serve(Duration.ofSeconds(30), JettyUnderTest.https(certificate));
        TlsTransport transport = TlsTransport.connect(listener.localAddress(), certificate.clientContext());
        transport.handshake();
        try (StrictConnection client = StrictConnection.over(transport, "127.0.0.1")) {
            assertThat(client.awaitEnd(SOON)).isEqualTo(StrictConnection.Ending.CLOSED);
        }
    }

    @Test
    void anIdleHttp2ConnectionGetsGoAwayWhenTheIdleGraceIsOver() throws Exception {
        serve(Duration.ZERO, new HttpConnectionFactory(), new HTTP2CServerConnectionFactory(new HttpConfiguration()));
        try (Http2Client client = Http2Client.connect((InetSocketAddress) listener.localAddress())) {
            client.preface();
            int first = client.get("/");
            assertThat(client.response(first).text()).isEqualTo("whole");
            client.synchronize();
            awaitState(ConnectionState.IDLE);
            CompletableFuture<Void> drained = drain();
            client.await(Http2Frame.GOAWAY);
            client.readToEnd();
            Await.event("the drain", drained, SOON);
        }
    }

    @Test
    void aStreamOfHttp2IsWaitedForAlsoIfAnotherHasEnded() throws Exception {
        serve(Duration.ZERO, new HttpConnectionFactory(), new HTTP2CServerConnectionFactory(new HttpConfiguration()));
        try (Http2Client client = Http2Client.connect((InetSocketAddress) listener.localAddress())) {
            client.preface();
            int held = client.get("/held");
            Await.event("the request", reached, SOON);
            int other = client.get("/");
            assertThat(client.response(other).text()).isEqualTo("whole");
            CompletableFuture<Void> drained = drain();
            client.synchronize();
            assertThat(drained).isNotDone();
            assertThat(server.connections().snapshot().getFirst().state()).isEqualTo(ConnectionState.ACTIVE);
            client.silent(); // The connection ends with the stream.
            gate.complete(null);
            assertThat(client.response(held).text()).isEqualTo("whole");
            Await.event("the drain", drained, SOON);
        }
    }

    @Test
    void anHttp2ConnectionThatIsSilentIsNotToldThatARequestTimedOut() throws Exception {
        idleTimeout = Duration.ofMillis(300);
        serve(
                Duration.ofSeconds(30),
                new HttpConnectionFactory(),
                new HTTP2CServerConnectionFactory(new HttpConfiguration()));
        try (Http2Client client = Http2Client.connect((InetSocketAddress) listener.localAddress())) {
            client.preface();
            client.await(Http2Frame.GOAWAY);
            client.readToEnd();
        }
    }

    @Test
    void aConnectionWhoseRequestJettyHasRefusedByItselfEnds() throws Exception {
        serve(Duration.ofSeconds(30), JettyUnderTest.http());
        try (StrictConnection client = connect()) {
            client.write("GET * HTTP/1.1\r\nHost: h\r\n\r\n".getBytes(US_ASCII));
            assertThat(((Answer) client.receive(GET, SOON)).status()).isEqualTo(400);
            assertThat(client.awaitEnd(SOON)).isEqualTo(StrictConnection.Ending.CLOSED);
            Await.state("nothing to be left", SOON, () -> server.connections().size() == 0);
        }
    }

    @Test
    void aRequestThatAnotherCustomizerRefusesIsAnsweredAndCounted() throws Exception {
        HttpConfiguration configuration = new HttpConfiguration();
        configuration.addCustomizer((_, _) -> {
            throw new IllegalStateException("a customizer that fails, on purpose");
        });
        serve(Duration.ofSeconds(30), new HttpConnectionFactory(configuration));
        try (StrictConnection client = connect()) {
            awaitState(ConnectionState.NEW);
            CompletableFuture<Void> drained = drain();
            client.send(GET);
            Answer answer = (Answer) client.receive(GET, SOON);
            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.announcesClose()).isTrue();
            Await.event("the drain", drained, SOON);
        }
    }

    @Test
    void aConnectionThatJettyCannotSetUpIsForgotten() throws Exception {
        CompletableFuture<Void> tried = new CompletableFuture<>();
        serve(Duration.ofSeconds(30), new HttpConnectionFactory() {
            @Override
            public org.eclipse.jetty.io.Connection newConnection(
                    org.eclipse.jetty.server.Connector connector, EndPoint endPoint) {
                tried.complete(null);
                throw new IllegalStateException("a factory that fails, on purpose");
            }
        });
        try (StrictConnection client = connect()) {
            Await.event("the connection", tried, SOON);
            assertThat(client.awaitEnd(SOON)).isNotEqualTo(StrictConnection.Ending.STILL_OPEN);
            Await.state("nothing to be left", SOON, () -> server.connections().size() == 0);
        }
    }
}
