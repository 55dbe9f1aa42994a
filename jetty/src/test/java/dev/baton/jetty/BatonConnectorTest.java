package dev.baton.jetty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.ListenAddress;
import dev.baton.Listener;
import dev.baton.Listeners;
import dev.baton.Participant.DrainReason;
import dev.baton.testkit.Answer;
import dev.baton.testkit.Await;
import dev.baton.testkit.ContractExchange;
import dev.baton.testkit.ContractHandler;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.FdLeakCheck;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.eclipse.jetty.server.Server;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a restart asks of {@link BatonConnector} beyond the contract. */
@Timeout(60)
class BatonConnectorTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final Request GET = Request.get("/", ExpectedBody.anything());

    private final CompletableFuture<Void> gate = new CompletableFuture<>();
    private final Listener listener;
    private final Server jetty = new Server();
    private final BatonConnector connector;
    private final JettyServer server;

    BatonConnectorTest() throws IOException {
        listener = Listeners.bind(ListenAddress.parse("127.0.0.1:0"), 0);
        connector = new BatonConnector(jetty, listener);
        server = connector.participant();
        jetty.addConnector(connector);
    }

    private void serve(ContractHandler handler) throws Exception {
        jetty.setHandler(new ContractJettyHandler(handler));
        jetty.start();
        Await.event("the server to accept", server.resume(), SOON);
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
    void aConnectorThatIsStoppedAndStartedAcceptsAsBefore() throws Exception {
        serve(exchange -> exchange.respond(200, "ok"));
        connector.stop();
        assertThat(server.resume()).failsWithin(SOON).withThrowableThat().withMessageContaining("start Jetty");
        connector.start();
        try (StrictConnection client = connect()) {
            assertThat(ask(client).status()).isEqualTo(200);
        }
        Await.event("the park", server.park(), SOON);
        connector.stop();
        connector.start();
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
    void jettysOwnStopLeavesNoDescriptorAndNoAcceptor() throws Exception {
        FdLeakCheck leaks = FdLeakCheck.ofThisJvm();
        serve(exchange -> exchange.respond(200, "ok"));
        try (StrictConnection client = connect()) {
            assertThat(ask(client).status()).isEqualTo(200);
        }
        jetty.stop();
        leaks.assertNone(SOON);
        String port = ":" + ((InetSocketAddress) listener.localAddress()).getPort();
        // A pool may have stopped a moment before its last thread is gone.
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().contains("acceptor") && thread.getName().contains(port)) {
                assertThat(thread.join(SOON)).as(thread.getName() + " ends").isTrue();
            }
        }
    }

    @Test
    void aConnectorThatJoinsBeforeJettyIsStartedSaysWhatToDo() {
        assertThat(server.resume())
                .failsWithin(SOON)
                .withThrowableThat()
                .withMessageContaining("start Jetty before its connector joins");
    }
}
