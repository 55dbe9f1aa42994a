package dev.baton.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.testkit.ServerUnderTest.OpenConnection;
import dev.baton.testkit.ServerUnderTest.ShutdownOutcome;
import dev.baton.testkit.ServerUnderTest.State;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

/** What the rules of {@link GracefulServerContract} share: one server a rule, its clients, and how they are watched. */
abstract class ContractFixture {
    /** For what should come in a moment, on a machine that is busy. */
    static final Duration SOON = Duration.ofSeconds(20);

    /** A deadline that no rule reaches. */
    static final Duration LATE = Duration.ofMinutes(1);

    static final Request GET = Request.get("/", ExpectedBody.anything());

    final StateLog states = new StateLog();
    private final List<StrictConnection> clients = new ArrayList<>();
    private final List<Gate> gates = new ArrayList<>();

    @Nullable
    private ServerUnderTest running;

    /**
     * Starts a server that gives every request to this handler, on a free port or path.
     *
     * <p>It is closed after the rule. Whatever limits it has must not be stricter than those of the options, and must
     * let a body of 32 MiB pass.
     */
    protected abstract ServerUnderTest start(ContractOptions options, ContractHandler handler) throws Exception;

    /** What the server can do of that which not every server can. */
    protected abstract Set<ServerCapability> capabilities();

    /** Opens a client's connection; a subclass for TLS opens one that has done its handshake. */
    protected StrictConnection connect(ServerUnderTest server) throws Exception {
        return StrictConnection.open(server.address());
    }

    final void require(ServerCapability capability) {
        assumeTrue(
                capabilities().contains(capability),
                () -> "skipped: this server does not have the capability " + capability);
    }

    final ServerUnderTest serve(ContractOptions options, ContractHandler handler) throws Exception {
        return adopt(start(options, handler));
    }

    /** Watches a server from here on, and closes it after the rule. */
    final ServerUnderTest adopt(ServerUnderTest server) {
        running = server;
        server.onStateChange(states);
        return server;
    }

    final ServerUnderTest serve(ContractHandler handler) throws Exception {
        return serve(ContractOptions.defaults(), handler);
    }

    final ServerUnderTest server() {
        if (running == null) {
            throw new IllegalStateException("the rule has started no server");
        }
        return running;
    }

    /** A client that is closed after the rule, when the server has accepted it. */
    final StrictConnection client() throws Exception {
        StrictConnection client = connect(server());
        clients.add(client);
        states.await(clients.size() - 1, State.NEW, 1, SOON);
        return client;
    }

    /** A client whose first request was answered, and which the server knows to be idle. */
    final StrictConnection idleClient() throws Exception {
        StrictConnection client = client();
        client.send(GET);
        answer(client);
        states.await(clients.size() - 1, State.IDLE, 1, SOON);
        return client;
    }

    /** A gate that is opened after the rule at the latest. */
    final Gate gate() {
        Gate gate = new Gate();
        gates.add(gate);
        return gate;
    }

    static void send(StrictConnection client, String bytes) throws IOException {
        client.write(bytes.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** The next response, which must be whole. */
    static Answer answer(StrictConnection client) {
        return assertInstanceOf(Answer.class, client.receive(GET, SOON), "the outcome of the request");
    }

    /** The next response, which must be whole, have this status and this body, and say that it is the last. */
    static void assertLastAnswer(StrictConnection client, int status, String text) {
        Answer answer = answer(client);
        assertEquals(status, answer.status(), "the status");
        assertEquals(text, answer.text(), "the body");
        assertEquals(true, answer.announcesClose(), "Connection: close");
        assertEnds(client);
    }

    static void assertEnds(StrictConnection client) {
        assertEquals(StrictConnection.Ending.CLOSED, client.awaitEnd(SOON), "how the connection ended");
    }

    /** Begins a shutdown, and returns when the server has stopped accepting and told its callbacks. */
    final CompletableFuture<ShutdownOutcome> beginShutdown(Duration deadline) throws InterruptedException {
        CompletableFuture<Void> begun = new CompletableFuture<>();
        server().onShutdown(() -> begun.complete(null));
        CompletableFuture<ShutdownOutcome> outcome = server().shutdown(deadline).toCompletableFuture();
        Await.event("the shutdown to begin", begun, SOON);
        return outcome;
    }

    final CompletableFuture<ShutdownOutcome> beginShutdown() throws InterruptedException {
        return beginShutdown(LATE);
    }

    static void assertCompletes(CompletableFuture<ShutdownOutcome> shutdown) throws InterruptedException {
        assertEquals(new ShutdownOutcome.Completed(0), Await.event("the shutdown", shutdown, SOON));
    }

    static void assertPending(CompletableFuture<ShutdownOutcome> shutdown) {
        assertEquals(false, shutdown.isDone(), "the shutdown is over");
    }

    final List<State> openStates() {
        return server().connections().stream().map(OpenConnection::state).toList();
    }

    @AfterEach
    void closeEverything() throws Exception {
        gates.forEach(Gate::open);
        for (StrictConnection client : clients) {
            client.close();
        }
        if (running != null) {
            running.close();
            running.end();
        }
        assertEquals(List.of(), states.gaps(), "changes of state that do not follow from the one before");
    }
}
