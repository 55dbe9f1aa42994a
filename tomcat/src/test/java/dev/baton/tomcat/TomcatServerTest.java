package dev.baton.tomcat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.ListenAddress;
import dev.baton.Listener;
import dev.baton.Listeners;
import dev.baton.Participant.DrainReason;
import dev.baton.drain.ConnectionState;
import dev.baton.testkit.Answer;
import dev.baton.testkit.Await;
import dev.baton.testkit.ContractExchange;
import dev.baton.testkit.ContractHandler;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.FdLeakCheck;
import dev.baton.testkit.Http2Client;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
import dev.baton.testkit.TestCertificate;
import dev.baton.testkit.TlsTransport;
import jakarta.servlet.Servlet;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpUpgradeHandler;
import jakarta.servlet.http.WebConnection;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.apache.coyote.http2.Http2Protocol;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a restart asks of {@link TomcatServer} beyond the contract. */
@Timeout(60)
class TomcatServerTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final Request GET = Request.get("/", ExpectedBody.anything());
    private static final ContractHandler OK = exchange -> exchange.respond(200, "ok");

    private static final byte[] UPGRADE =
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: greeting\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII);

    private final CompletableFuture<Void> gate = new CompletableFuture<>();
    private final Listener listener;
    private final TomcatServer server;
    private Tomcat tomcat = new Tomcat();

    TomcatServerTest() throws IOException {
        listener = Listeners.bind(ListenAddress.parse("127.0.0.1:0"), 0);
        server = TomcatServer.on(listener);
    }

    private void serve(Servlet servlet) throws Exception {
        tomcat = TomcatUnderTest.tomcat(server, servlet);
        tomcat.start();
        Await.event("the server to accept", server.resume(), SOON);
    }

    private void serve(ContractHandler handler) throws Exception {
        serve(new ContractServlet(handler, false));
    }

    @AfterEach
    void close() throws Exception {
        gate.complete(null);
        server.close();
        tomcat.stop();
        tomcat.destroy();
        listener.close();
        if (tomcat.getServer().getCatalinaBase() != null) {
            TomcatUnderTest.remove(tomcat);
        }
    }

    private StrictConnection connect() throws IOException {
        return StrictConnection.open(listener.localAddress());
    }

    private static Answer ask(StrictConnection client) throws IOException {
        client.send(GET);
        return (Answer) client.receive(GET, SOON);
    }

    @Test
    void aDrainThatIsUndoneLeavesConnectionsAsTheyWere() throws Exception {
        CompletableFuture<Void> reached = new CompletableFuture<>();
        serve(exchange -> {
            if (exchange.path().equals("/held")) {
                reached.complete(null);
                gate.join();
            }
            exchange.respond(200, "ok");
        });
        try (StrictConnection idle = connect();
                StrictConnection silent = connect();
                StrictConnection busy = connect()) {
            assertThat(ask(idle).announcesClose()).isFalse();
            busy.write("GET /held HTTP/1.1\r\nHost: h\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            Await.event("the request", reached, SOON);
            Await.state("all to be known", SOON, () -> server.connections().size() == 3);
            Await.event("the park", server.park(), SOON);
            CompletableFuture<Void> drained = server.drain(DrainReason.SUCCEEDED);
            try (StrictConnection next = connect()) {
                next.send(GET);
                Await.event("the server to accept again", server.resume(), SOON);
                assertThat(drained).isCompletedExceptionally();
                gate.complete(null);

                assertThat(((Answer) busy.receive(GET, SOON)).announcesClose()).isFalse();
                assertThat(((Answer) next.receive(GET, SOON)).announcesClose()).isFalse();
                assertThat(ask(busy).announcesClose()).isFalse();
                assertThat(ask(idle).announcesClose()).isFalse();
                assertThat(ask(silent).announcesClose()).isFalse();
            }
        }
    }

    @Test
    void anUpgradeInADrainHasOneConnectionHeader() throws Exception {
        serve(new Upgrading());
        try (StrictConnection client = connect()) {
            Await.state(
                    "the connection to be known",
                    SOON,
                    () -> server.connections().size() == 1);
            Await.event("the park", server.park(), SOON);
            CompletableFuture<Void> drained = server.drain(DrainReason.SUCCEEDED);
            client.write(UPGRADE);
            assertThat(client.readUntil("\r\n\r\n", SOON))
                    .startsWith("HTTP/1.1 101")
                    .containsOnlyOnce("Connection:")
                    .containsIgnoringCase("Connection: upgrade");
            Await.event("the drain", drained, SOON);
        }
    }

    @Test
    void aResponseWithoutABodySaysInADrainThatItIsTheLast() throws Exception {
        serve(exchange -> exchange.respond(204, 0).close());
        try (StrictConnection client = connect()) {
            Await.state(
                    "the connection to be known",
                    SOON,
                    () -> server.connections().size() == 1);
            Await.event("the park", server.park(), SOON);
            CompletableFuture<Void> drained = server.drain(DrainReason.SUCCEEDED);
            Answer answer = ask(client);
            assertThat(answer.status()).isEqualTo(204);
            assertThat(answer.announcesClose()).isTrue();
            Await.event("the drain", drained, SOON);
        }
    }

    @Test
    void aListenerOfStatesThatFailsWithAnErrorDoesNotMakeTheServerDeaf() throws Exception {
        serve(OK);
        AtomicBoolean failed = new AtomicBoolean();
        server.connections().onStateChange((_, _, _) -> {
            if (failed.compareAndSet(false, true)) {
                throw new LinkageError("a class that cannot be loaded, on purpose");
            }
        });
        try (StrictConnection first = connect();
                StrictConnection second = connect()) {
            assertThat(ask(first).status()).isEqualTo(200);
            assertThat(ask(second).status()).isEqualTo(200);
        }
    }

    @Test
    void aConnectorThatIsStoppedAndStartedAcceptsAsBefore() throws Exception {
        serve(OK);
        tomcat.getConnector().stop();
        assertThat(server.resume()).failsWithin(SOON).withThrowableThat().withMessageContaining("start Tomcat");
        tomcat.getConnector().start();
        try (StrictConnection client = connect()) {
            assertThat(ask(client).status()).isEqualTo(200);
        }
        Await.event("the park", server.park(), SOON);
        tomcat.getConnector().stop();
        tomcat.getConnector().start();
        try (StrictConnection client = connect()) {
            client.send(GET);
            Await.event("the server to accept again", server.resume(), SOON);
            assertThat(((Answer) client.receive(GET, SOON)).status()).isEqualTo(200);
        }
    }

    @Test
    void aBodyOfUnknownLengthIsStillChunkedInADrain() throws Exception {
        CompletableFuture<Void> reached = new CompletableFuture<>();
        serve(exchange -> {
            reached.complete(null);
            gate.join();
            try (OutputStream out = exchange.respond(200, ContractExchange.UNKNOWN_LENGTH)) {
                out.write("whole".getBytes(StandardCharsets.US_ASCII));
                out.flush();
            }
        });
        try (StrictConnection client = connect()) {
            client.send(GET);
            Await.event("the request", reached, SOON);
            Await.event("the park", server.park(), SOON);
            CompletableFuture<Void> drained = server.drain(DrainReason.SUCCEEDED);
            gate.complete(null);

            Answer answer = (Answer) client.receive(GET, SOON);
            assertThat(answer.text()).isEqualTo("whole");
            assertThat(answer.announcesClose()).isTrue();
            assertThat(answer.header("Transfer-Encoding")).hasValue("chunked");
            Await.event("the drain", drained, SOON);
        }
    }

    @Test
    void anUpgradedConnectionIsTheApplicationsAndIsNotWaitedFor() throws Exception {
        serve(new Upgrading());
        CompletableFuture<Void> hijacked = new CompletableFuture<>();
        server.connections().onStateChange((_, _, to) -> {
            if (to == ConnectionState.HIJACKED) {
                hijacked.complete(null);
            }
        });
        try (StrictConnection client = connect()) {
            client.write(UPGRADE);
            Await.event("the upgrade", hijacked, SOON);
            Await.event("the park", server.park(), SOON);
            Await.event("the drain", server.drain(DrainReason.SUCCEEDED), SOON);
            client.readUntil("\r\n\r\n", SOON);
            client.expect("hello".getBytes(StandardCharsets.US_ASCII), SOON);
        }
    }

    private static final class Upgrading extends HttpServlet {
        private static final long serialVersionUID = 1L;

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response)
                throws IOException, ServletException {
            response.setStatus(101);
            response.setHeader("Upgrade", "greeting");
            response.setHeader("Connection", "upgrade");
            request.upgrade(Greeter.class);
        }
    }

    /** Says hello when the connection is its own. */
    public static final class Greeter implements HttpUpgradeHandler {
        @Override
        public void init(WebConnection connection) {
            try {
                connection.getOutputStream().write("hello".getBytes(StandardCharsets.US_ASCII));
                connection.getOutputStream().flush();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void destroy() {}
    }

    @Test
    void anHttp2ConnectionGetsGoAwayAndItsStreamIsFinished() throws Exception {
        CompletableFuture<Void> reached = new CompletableFuture<>();
        server.protocol().addUpgradeProtocol(new Http2Protocol());
        serve(exchange -> {
            reached.complete(null);
            gate.join();
            exchange.respond(200, "whole");
        });
        CompletableFuture<Void> drained;
        try (Http2Client client = Http2Client.connect((InetSocketAddress) listener.localAddress())) {
            client.preface();
            int stream = client.get("/");
            Await.event("the request", reached, SOON);
            Await.event("the park", server.park(), SOON);
            drained = server.drain(DrainReason.SUCCEEDED);
            client.await(7);
            assertThat(drained).isNotDone();
            gate.complete(null);
            assertThat(client.response(stream).text()).isEqualTo("whole");
        }
        Await.event("the drain", drained, SOON);
    }

    @Test
    void overTlsARequestIsFinishedInADrainAndAnIdleConnectionEndsByACloseNotify() throws Exception {
        TestCertificate certificate = TestCertificate.create();
        TomcatUnderTest.tls(server.protocol(), certificate);
        CompletableFuture<Void> reached = new CompletableFuture<>();
        serve(exchange -> {
            if (exchange.path().equals("/held")) {
                reached.complete(null);
                gate.join();
            }
            exchange.respond(200, "whole");
        });
        try (StrictConnection idle = connect(certificate);
                StrictConnection busy = connect(certificate)) {
            assertThat(ask(idle).text()).isEqualTo("whole");
            busy.write("GET /held HTTP/1.1\r\nHost: h\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            Await.event("the request", reached, SOON);
            Await.event("the park", server.park(), SOON);
            CompletableFuture<Void> drained = server.drain(DrainReason.SUCCEEDED);
            gate.complete(null);
            Answer answer = (Answer) busy.receive(GET, SOON);
            assertThat(answer.text()).isEqualTo("whole");
            assertThat(answer.announcesClose()).isTrue();
            assertThat(busy.awaitEnd(SOON)).isEqualTo(StrictConnection.Ending.CLOSED);
            assertThat(drained).isNotDone();
            server.close();
            assertThat(idle.awaitEnd(SOON)).isEqualTo(StrictConnection.Ending.CLOSED);
            Await.event("the drain", drained, SOON);
        }
    }

    private StrictConnection connect(TestCertificate certificate) throws Exception {
        TlsTransport transport = TlsTransport.connect(listener.localAddress(), certificate.clientContext());
        transport.handshake();
        return StrictConnection.over(transport, "127.0.0.1");
    }

    @Test
    void tomcatsOwnStopLeavesNeitherDescriptorNorThread() throws Exception {
        FdLeakCheck leaks = FdLeakCheck.ofThisJvm();
        serve(OK);
        try (StrictConnection client = connect()) {
            assertThat(ask(client).status()).isEqualTo(200);
        }
        tomcat.stop();
        tomcat.destroy();
        leaks.assertNone(SOON);
        String name = "http-nio-127.0.0.1-" + ((InetSocketAddress) listener.localAddress()).getPort();
        // An executor has terminated when its last worker says goodbye, which is a moment before the thread is gone.
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith(name)) {
                assertThat(thread.join(SOON)).as(thread.getName() + " ends").isTrue();
            }
        }
        TomcatUnderTest.remove(tomcat);
        tomcat = new Tomcat();
    }

    @Test
    void aServerThatJoinsBeforeTomcatIsStartedSaysWhatToDo() {
        assertThat(server.resume())
                .failsWithin(SOON)
                .withThrowableThat()
                .withMessageContaining("start Tomcat before its server joins");
    }

    @Test
    void aProtocolMadeByItsNameServesTheListenerThatItIsGiven() throws Exception {
        Connector connector = new Connector(BatonHttp11Protocol.class.getName());
        connector.setThrowOnFailure(true);
        assertThatThrownBy(connector::init).hasStackTraceContaining("the connector has no listener");

        Connector next = new Connector(BatonHttp11Protocol.class.getName());
        BatonHttp11Protocol protocol = (BatonHttp11Protocol) next.getProtocolHandler();
        TomcatServer named = protocol.serve(listener);
        assertThat(next.getPort()).isEqualTo(((InetSocketAddress) listener.localAddress()).getPort());
        assertThat(named.protocol()).isSameAs(protocol);
        assertThatThrownBy(() -> protocol.serve(listener)).isInstanceOf(IllegalStateException.class);
    }
}
