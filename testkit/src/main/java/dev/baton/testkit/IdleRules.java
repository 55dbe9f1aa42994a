package dev.baton.testkit;

import static dev.baton.testkit.ContractOptions.IdlePolicy.CLOSE;
import static dev.baton.testkit.ContractOptions.IdlePolicy.CLOSE_AFTER_RESPONSE;
import static dev.baton.testkit.ContractOptions.IdlePolicy.MIGRATE;
import static dev.baton.testkit.ServerUnderTest.State.ACTIVE;
import static dev.baton.testkit.ServerUnderTest.State.CLOSED;
import static dev.baton.testkit.ServerUnderTest.State.IDLE;
import static dev.baton.testkit.ServerUnderTest.State.NEW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.testkit.ServerUnderTest.OpenConnection;
import dev.baton.testkit.ServerUnderTest.ShutdownOutcome;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What becomes of connections on which no request is outstanding. */
abstract class IdleRules extends ShutdownRules {
    private static final ContractHandler OK = exchange -> exchange.respond(200, "ok");

    @Test
    @DisplayName("R31: with CLOSE an idle connection ends at once, in an orderly way")
    void closeEndsIdleConnections() throws Exception {
        serve(ContractOptions.defaults().with(CLOSE), OK);
        StrictConnection client = idleClient();
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();

        assertEnds(client);
        assertCompletes(shutdown);
        assertEquals(List.of(NEW, ACTIVE, IDLE, CLOSED), states.of(0));
    }

    @Test
    @DisplayName(
            "R32: with CLOSE_AFTER_RESPONSE an idle connection has its next request served, with Connection: close")
    void anIdleConnectionGetsOneMoreAnswer() throws Exception {
        serve(ContractOptions.defaults().with(CLOSE_AFTER_RESPONSE), OK);
        StrictConnection client = idleClient();
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();
        assertPending(shutdown);
        client.send(GET);

        assertLastAnswer(client, 200, "ok");
        assertCompletes(shutdown);
        assertEquals(List.of(NEW, ACTIVE, IDLE, ACTIVE, CLOSED), states.of(0));
    }

    @Test
    @DisplayName(
            "R33: with MIGRATE and no successor, an idle connection has its next request served, with Connection: close")
    void migrateFallsBack() throws Exception {
        serve(ContractOptions.defaults().with(MIGRATE), OK);
        StrictConnection client = idleClient();
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();
        assertPending(shutdown);
        client.send(GET);

        assertLastAnswer(client, 200, "ok");
        assertCompletes(shutdown);
    }

    @Test
    @DisplayName("R34: an idle connection that stays silent ends when the idle grace is over, and not before")
    void theIdleGraceEnds() throws Exception {
        Duration grace = Duration.ofMillis(300);
        serve(ContractOptions.defaults().withIdleGrace(grace), OK);
        StrictConnection client = idleClient();
        long before = System.nanoTime();
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();

        assertEnds(client);
        assertPassed(grace, before);
        assertCompletes(shutdown);
    }

    @Test
    @DisplayName(
            "R35: a NEW connection that speaks within its grace is served, whatever the policy, with Connection: close")
    void aNewConnectionThatSpeaksIsServed() throws Exception {
        serve(ContractOptions.defaults().with(CLOSE), OK);
        StrictConnection idle = idleClient();
        StrictConnection client = client();
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();
        assertEnds(idle);
        assertPending(shutdown);
        client.send(GET);

        assertLastAnswer(client, 200, "ok");
        assertCompletes(shutdown);
    }

    @Test
    @DisplayName("R36: a NEW connection that stays silent ends when its grace is over, and not before")
    void theGraceOfANewConnectionEnds() throws Exception {
        Duration grace = Duration.ofMillis(500);
        serve(ContractOptions.defaults().with(CLOSE).withNewConnectionGrace(grace), OK);
        long before = System.nanoTime();
        StrictConnection client = client();
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();

        assertEnds(client);
        assertPassed(grace, before);
        assertCompletes(shutdown);
        assertEquals(List.of(NEW, CLOSED), states.of(0));
    }

    @Test
    @DisplayName("R37: the grace of a NEW connection is measured from its accept, not from the shutdown")
    void theGraceBeginsWithTheAccept() throws Exception {
        Duration grace = Duration.ofSeconds(2);
        serve(ContractOptions.defaults().with(CLOSE).withNewConnectionGrace(grace), OK);
        StrictConnection old = client();
        Await.state(
                "the grace of the first to be over", SOON, () -> ageOfOldest().compareTo(grace) > 0);
        StrictConnection young = client();
        long before = System.nanoTime();
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();

        assertEnds(old);
        long waited = System.nanoTime() - before;
        assertTrue(waited < grace.toNanos(), "it ended " + Duration.ofNanos(waited) + " after the shutdown");
        assertEnds(young);
        assertCompletes(shutdown);
    }

    private Duration ageOfOldest() {
        OpenConnection oldest = server().connections().getFirst();
        return oldest.age();
    }

    @Test
    @DisplayName("R38: from the shutdown on, the response on every connection says Connection: close")
    void everyResponseSaysClose() throws Exception {
        Gate gate = gate();
        serve(exchange -> {
            if (exchange.path().equals("/held")) {
                gate.pass();
            }
            exchange.respond(200, "ok");
        });
        StrictConnection silent = client();
        StrictConnection idle = idleClient();
        StrictConnection busy = client();
        send(busy, "GET /held HTTP/1.1\r\nHost: h\r\n\r\n");
        gate.awaitReached();
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();
        gate.open();
        silent.send(GET);
        idle.send(GET);

        assertLastAnswer(silent, 200, "ok");
        assertLastAnswer(idle, 200, "ok");
        assertLastAnswer(busy, 200, "ok");
        assertCompletes(shutdown);
    }

    private static void assertPassed(Duration grace, long since) {
        long waited = System.nanoTime() - since;
        assertTrue(waited >= grace.toNanos(), "it ended after " + Duration.ofNanos(waited));
    }
}
