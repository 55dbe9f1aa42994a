package dev.baton.testkit;

import static dev.baton.testkit.ServerUnderTest.State.ACTIVE;
import static dev.baton.testkit.ServerUnderTest.State.CLOSED;
import static dev.baton.testkit.ServerUnderTest.State.HIJACKED;
import static dev.baton.testkit.ServerUnderTest.State.IDLE;
import static dev.baton.testkit.ServerUnderTest.State.NEW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.baton.testkit.ServerUnderTest.OpenConnection;
import dev.baton.testkit.ServerUnderTest.ShutdownOutcome;
import dev.baton.testkit.ServerUnderTest.ShutdownOutcome.Completed;
import dev.baton.testkit.ServerUnderTest.ShutdownOutcome.TimedOut;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** {@code Server.Shutdown}, {@code Server.Close} and {@code Server.RegisterOnShutdown}. */
abstract class ShutdownRules extends StateRules {
    private static final Duration SHORT = Duration.ofMillis(100);

    @Test
    @DisplayName("R11: when the first callback runs, nobody can connect any more")
    void listenersAreClosedBeforeCallbacksRun() throws Exception {
        serve(exchange -> exchange.respond(200, "ok"));
        CompletableFuture<Outcome> attempt = new CompletableFuture<>();
        server().onShutdown(() -> attempt.complete(StrictConnection.exchange(server().address(), GET, SOON)));
        var _ = server().shutdown(LATE);

        Failure failure = assertInstanceOf(Failure.class, Await.event("the attempt", attempt, SOON));
        assertEquals(FailureKind.REFUSED, failure.kind(), failure.detail());
    }

    @Test
    @DisplayName("R12: every callback runs once, at the same time as the others, and nothing waits for it")
    void callbacksRunOnceInParallel() throws Exception {
        serve(exchange -> exchange.respond(200, "ok"));
        AtomicInteger calls = new AtomicInteger();
        CyclicBarrier together = new CyclicBarrier(3);
        for (int i = 0; i < 2; i++) {
            server().onShutdown(() -> {
                calls.incrementAndGet();
                try {
                    together.await(SOON.toSeconds(), TimeUnit.SECONDS);
                } catch (Exception e) {
                    throw new IllegalStateException("the callbacks have not met", e);
                }
            });
        }
        server().onShutdown(() -> {
            throw new IllegalStateException("a callback that fails, on purpose");
        });

        assertCompletes(server().shutdown(LATE).toCompletableFuture());
        assertCompletes(server().shutdown(LATE).toCompletableFuture());
        server().close();
        together.await(SOON.toSeconds(), TimeUnit.SECONDS);
        assertEquals(2, calls.get());
    }

    @Test
    @DisplayName("R13: a server without connections shuts down at once")
    void withoutConnectionsItCompletesAtOnce() throws Exception {
        serve(exchange -> exchange.respond(200, "ok"));

        assertCompletes(beginShutdown());
    }

    @Test
    @DisplayName("R14: the future completes when the last connection has ended, and not before")
    void itCompletesWithTheLastConnection() throws Exception {
        Gate ofFirst = gate();
        Gate ofLast = gate();
        serve(exchange -> {
            (exchange.path().equals("/first") ? ofFirst : ofLast).pass();
            exchange.respond(200, "ok");
        });
        StrictConnection first = client();
        StrictConnection last = client();
        first.send(Request.get("/first", ExpectedBody.anything()));
        last.send(Request.get("/last", ExpectedBody.anything()));
        ofFirst.awaitReached();
        ofLast.awaitReached();
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();
        ofFirst.open();
        assertLastAnswer(first, 200, "ok");
        states.await(0, CLOSED, 1, SOON);
        assertPending(shutdown);
        ofLast.open();

        assertLastAnswer(last, 200, "ok");
        assertCompletes(shutdown);
        assertEquals(List.of(), openStates());
    }

    @Test
    @DisplayName("R15: at the deadline it reports what is open, and closes nothing")
    void theDeadlineReportsAndClosesNothing() throws Exception {
        Gate gate = gate();
        serve(exchange -> {
            gate.pass();
            exchange.respond(200, "ok");
        });
        StrictConnection silent = client();
        StrictConnection busy = client();
        busy.send(GET);
        gate.awaitReached();

        TimedOut timedOut = assertInstanceOf(TimedOut.class, Await.event("the deadline", beginShutdown(SHORT), SOON));
        assertEquals(
                List.of(NEW, ACTIVE),
                timedOut.open().stream().map(OpenConnection::state).toList());
        assertEquals(List.of(NEW, ACTIVE), openStates());
        gate.open();
        assertLastAnswer(busy, 200, "ok");
        silent.send(GET);
        assertLastAnswer(silent, 200, "ok");
        assertCompletes(server().shutdown(LATE).toCompletableFuture());
    }

    @Test
    @DisplayName("R16: close ends what is open, and both it and the shutdown say how many requests that has cut")
    void closeCutsAndCounts() throws Exception {
        Gate gate = gate();
        serve(exchange -> {
            gate.pass();
            exchange.respond(200, "ok");
        });
        StrictConnection silent = client();
        StrictConnection one = client();
        StrictConnection other = client();
        one.send(GET);
        other.send(GET);
        gate.awaitReached();
        gate.awaitReached();
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();

        assertEquals(2, server().close());
        assertEquals(new Completed(2), Await.event("the shutdown", shutdown, SOON));
        assertEnds(silent);
        assertEnds(one);
        assertEnds(other);
        assertEquals(List.of(), openStates());
    }

    @Test
    @DisplayName("R17: a second shutdown has a deadline of its own, and runs no callback again")
    void aSecondShutdownHasItsOwnDeadline() throws Exception {
        Gate gate = gate();
        serve(exchange -> {
            gate.pass();
            exchange.respond(200, "ok");
        });
        StrictConnection busy = client();
        busy.send(GET);
        gate.awaitReached();
        AtomicInteger calls = new AtomicInteger();
        server().onShutdown(calls::incrementAndGet);
        CompletableFuture<ShutdownOutcome> first = beginShutdown();
        CompletableFuture<ShutdownOutcome> second = server().shutdown(SHORT).toCompletableFuture();

        assertInstanceOf(TimedOut.class, Await.event("the second deadline", second, SOON));
        assertPending(first);
        gate.open();
        assertLastAnswer(busy, 200, "ok");
        assertCompletes(first);
        assertEquals(1, calls.get());
    }

    @Test
    @DisplayName("R18: a second close cuts nothing, and a shutdown after a close is complete")
    void closeIsFinal() throws Exception {
        Gate gate = gate();
        serve(exchange -> gate.pass());
        StrictConnection busy = client();
        busy.send(GET);
        gate.awaitReached();

        assertEquals(1, server().close());
        assertEquals(0, server().close());
        assertEquals(
                new Completed(1),
                Await.event("the shutdown", server().shutdown(LATE).toCompletableFuture(), SOON));
    }

    @Test
    @DisplayName("R19: close without a shutdown ends everything at once, and runs no callback")
    void closeAloneRunsNoCallback() throws Exception {
        serve(exchange -> exchange.respond(200, "ok"));
        AtomicInteger calls = new AtomicInteger();
        server().onShutdown(calls::incrementAndGet);
        StrictConnection silent = client();
        StrictConnection idle = idleClient();

        assertEquals(0, server().close());
        assertEnds(silent);
        assertEnds(idle);
        states.await(0, CLOSED, 1, SOON);
        states.await(1, CLOSED, 1, SOON);
        assertEquals(0, calls.get());
    }

    @Test
    @DisplayName(
            "R20: handlers that keep every processor busy and ignore interrupts hold up neither shutdown nor close")
    void aSpinningHandlerHoldsNothingUp() throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        Gate gate = gate();
        gate.open();
        serve(exchange -> {
            gate.pass();
            while (!over.get()) {
                Thread.onSpinWait();
            }
        });
        try {
            int spinners = Runtime.getRuntime().availableProcessors();
            for (int i = 0; i < spinners; i++) {
                client().send(GET);
                gate.awaitReached();
            }

            assertInstanceOf(TimedOut.class, Await.event("the deadline", beginShutdown(SHORT), SOON));
            assertEquals(spinners, server().close());
            assertEquals(
                    new Completed(spinners),
                    Await.event("the shutdown", server().shutdown(LATE).toCompletableFuture(), SOON));
        } finally {
            over.set(true);
        }
    }

    @Test
    @DisplayName("R21: after a shutdown or a close the server does not serve again, and says so with a typed error")
    void theEndIsFinal() throws Exception {
        require(ServerCapability.TYPED_END);
        serve(exchange -> exchange.respond(200, "ok"));
        assertCompletes(beginShutdown());

        assertThrows(server().typeOfEnd(), () -> server().startAgain());
        assertThrows(server().typeOfEnd(), () -> server().listenAgain());
        server().close();
        assertThrows(server().typeOfEnd(), () -> server().startAgain());
        assertThrows(server().typeOfEnd(), () -> server().listenAgain());
    }

    @Test
    @DisplayName("R22: a handler may begin the shutdown, and its response is the last and says so")
    void aHandlerMayShutDown() throws Exception {
        CompletableFuture<ShutdownOutcome> shutdown = new CompletableFuture<>();
        serve(exchange -> {
            var _ = server().shutdown(LATE).thenAccept(shutdown::complete);
            exchange.respond(200, "bye");
        });
        StrictConnection client = client();
        client.send(GET);

        assertLastAnswer(client, 200, "bye");
        assertCompletes(shutdown);
    }

    @Test
    @DisplayName("R23: a hijacked connection is not waited for, and stays the application's")
    void aHijackedConnectionIsLeftAlone() throws Exception {
        require(ServerCapability.HIJACK);
        StrictConnection client = hijackedClient();
        assertCompletes(beginShutdown());
        send(client, "still here");
        client.expect("still here".getBytes(StandardCharsets.US_ASCII), SOON);
    }

    @Test
    @DisplayName("R26: close leaves a hijacked connection to the application")
    void closeLeavesAHijackedConnection() throws Exception {
        require(ServerCapability.HIJACKED_OUTLIVES_CLOSE);
        StrictConnection client = hijackedClient();
        assertEquals(0, server().close());
        send(client, "still here");
        client.expect("still here".getBytes(StandardCharsets.US_ASCII), SOON);
    }

    private StrictConnection hijackedClient() throws Exception {
        serve(exchange -> echo(exchange.hijack()));
        StrictConnection client = client();
        send(client, "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        awaitSwitched(client);
        states.await(0, HIJACKED, 1, SOON);
        return client;
    }

    @Test
    @DisplayName("R24: a request that was answered does not count as cut, also if its client sends on")
    void anAnsweredRequestIsNotCut() throws Exception {
        Gate gate = gate();
        serve(exchange -> {
            gate.pass();
            exchange.respond(401, "no");
        });
        StrictConnection uploader = client();
        send(uploader, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\n\r\n");
        gate.awaitReached();
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();
        gate.open();
        assertLastAnswer(uploader, 401, "no");
        // A client may have the answer before the server's thread has come back from sending it.
        Await.state(
                "the server to know that it has answered",
                SOON,
                () -> server().connections().stream().allMatch(connection -> connection.requestsServed() == 1));

        assertEquals(0, server().close());
        assertCompletes(shutdown);
    }

    @Test
    @DisplayName("R25: a callback that is registered after the shutdown began runs at once")
    void aLateCallbackRunsAtOnce() throws Exception {
        serve(exchange -> exchange.respond(200, "ok"));
        idleClient();
        var _ = beginShutdown();
        states.await(0, IDLE, 1, SOON);
        CompletableFuture<Void> late = new CompletableFuture<>();
        server().onShutdown(() -> late.complete(null));

        Await.event("the late callback", late, SOON);
    }
}
