package dev.baton.testkit;

import static dev.baton.testkit.ServerUnderTest.State.ACTIVE;
import static dev.baton.testkit.ServerUnderTest.State.CLOSED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.baton.testkit.ContractOptions.IdlePolicy;
import dev.baton.testkit.ServerUnderTest.ShutdownOutcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** HTTP/1.1 requests of which a part has come when the shutdown begins; the policy is the one that closes most. */
abstract class RequestRules extends IdleRules {
    private static final ContractOptions STRICT = ContractOptions.defaults()
            .with(IdlePolicy.CLOSE)
            .withNewConnectionGrace(Duration.ZERO)
            .withIdleGrace(Duration.ZERO);

    /** Answers with the request's body. */
    private static final ContractHandler ECHO =
            exchange -> exchange.respond(200, new String(exchange.body().readAllBytes(), StandardCharsets.UTF_8));

    @Test
    @DisplayName("R41: half a request line is served when its other half comes")
    void halfARequestLineIsServed() throws Exception {
        serve(STRICT, exchange -> exchange.respond(200, exchange.path()));
        servesTheRest("GET /pa", "th HTTP/1.1\r\nHost: h\r\n\r\n", "/path");
    }

    @Test
    @DisplayName("R42: half a head is served when its other half comes")
    void halfAHeadIsServed() throws Exception {
        serve(STRICT, exchange -> exchange.respond(200, exchange.path()));
        servesTheRest("GET /path HTTP/1.1\r\nHo", "st: h\r\n\r\n", "/path");
    }

    @Test
    @DisplayName("R43: half a body of fixed length is served when its other half comes")
    void halfAFixedBodyIsServed() throws Exception {
        serve(STRICT, ECHO);
        servesTheRest("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf ", "whole", "half whole");
    }

    @Test
    @DisplayName("R44: a chunked body that is cut within a chunk-size line is served when the rest comes")
    void halfAChunkedBodyIsServed() throws Exception {
        serve(STRICT, ECHO);
        servesTheRest(
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf \r\n00",
                "5;x=y\r\nwhole\r\n0\r\n\r\n",
                "half whole");
    }

    private void servesTheRest(String before, String after, String answer) throws Exception {
        StrictConnection client = client();
        send(client, before);
        states.await(0, ACTIVE, 1, SOON);
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();
        assertPending(shutdown);
        send(client, after);

        assertLastAnswer(client, 200, answer);
        assertCompletes(shutdown);
    }

    @Test
    @DisplayName("R45: a request that waits for 100 (Continue) is told to go on, and served")
    void aPendingContinueIsSent() throws Exception {
        Gate gate = gate();
        serve(STRICT, exchange -> {
            gate.pass();
            ECHO.handle(exchange);
        });
        StrictConnection client = client();
        send(client, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
        gate.awaitReached();
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();
        gate.open();

        // What follows the number is the server's choice (RFC 9112, section 4).
        assertEquals("HTTP/1.1 100 ", client.readUntil("\r\n\r\n", SOON).substring(0, 13));
        send(client, "whole");
        assertLastAnswer(client, 200, "whole");
        assertCompletes(shutdown);
    }

    @Test
    @DisplayName(
            "R46: of pipelined requests, those that were executed are answered, in order, and the last answer says so")
    void pipelinedRequestsThatWereExecutedAreAnswered() throws Exception {
        pipelinedRequestsAreAnsweredOrNotExecuted("one two three", "");
    }

    @Test
    @DisplayName("R47: a request that is pipelined after the shutdown began is answered, or it is not executed")
    void laterRequestsAreNotExecuted() throws Exception {
        pipelinedRequestsAreAnsweredOrNotExecuted("one", "two three");
    }

    private void pipelinedRequestsAreAnsweredOrNotExecuted(String before, String after) throws Exception {
        List<String> executed = new CopyOnWriteArrayList<>();
        Gate gate = gate();
        serve(STRICT, exchange -> {
            executed.add(exchange.path());
            gate.pass();
            exchange.respond(200, exchange.path());
        });
        StrictConnection client = client();
        send(client, requests(before));
        gate.awaitReached();
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();
        send(client, requests(after));
        gate.open();

        List<String> answered = new CopyOnWriteArrayList<>();
        boolean last = false;
        while (!last) {
            Answer answer = answer(client);
            answered.add(answer.text());
            last = answer.announcesClose();
        }
        assertEnds(client);
        client.close();
        assertCompletes(shutdown);
        // A request that is executed although nobody will see its answer may be started a moment later. The first one
        // was
        // seen at the gate before.
        boolean more = gate.isReached(answered.size(), Duration.ofMillis(100));
        assertFalse(more, () -> "executed were " + executed + ", and answered " + answered);
        assertEquals(executed, answered);
    }

    private static String requests(String names) {
        StringBuilder requests = new StringBuilder();
        for (String name : names.split(" ", 0)) {
            if (!name.isEmpty()) {
                requests.append("GET /%s HTTP/1.1\r\nHost: h\r\n\r\n".formatted(name));
            }
        }
        return requests.toString();
    }

    @Test
    @DisplayName("R48: a head that does not become complete is answered 408 when the head timeout is over")
    void anEndlessHeadIsBounded() throws Exception {
        serve(STRICT.withHeadTimeout(Duration.ofMillis(300)), exchange -> exchange.respond(200, "ok"));
        StrictConnection client = client();
        send(client, "GET / HTTP/1.1\r\nHost: h\r\nX");
        states.await(0, ACTIVE, 1, SOON);
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();

        Answer answer = answer(client);
        assertEquals(408, answer.status());
        assertEquals(true, answer.announcesClose());
        assertEnds(client);
        client.close();
        assertCompletes(shutdown);
    }

    @Test
    @DisplayName("R49: a client that has closed its side after the request gets its response")
    void aHalfClosedClientIsAnswered() throws Exception {
        Gate gate = gate();
        serve(STRICT, exchange -> {
            gate.pass();
            exchange.respond(200, "ok");
        });
        StrictConnection client = client();
        client.send(GET);
        client.shutdownOutput();
        gate.awaitReached();
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();
        gate.open();

        assertLastAnswer(client, 200, "ok");
        assertCompletes(shutdown);
    }

    @Test
    @DisplayName("R50: a request whose client has gone is executed to its end, and then holds nothing up")
    void aRequestWithoutItsClientIsFinished() throws Exception {
        Gate gate = gate();
        CompletableFuture<Void> finished = new CompletableFuture<>();
        serve(STRICT, exchange -> {
            gate.pass();
            finished.complete(null);
            exchange.respond(200, "ok");
        });
        StrictConnection client = client();
        client.send(GET);
        gate.awaitReached();
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();
        client.reset();
        assertFalse(finished.isDone());
        gate.open();

        assertCompletes(shutdown);
        Await.event("the handler", finished, SOON);
        states.await(0, CLOSED, 1, SOON);
    }

    @Test
    @DisplayName("R51: a body whose client leaves in its middle fails the handler that reads it, and holds nothing up")
    void aBodyThatBreaksOffIsReported() throws Exception {
        CompletableFuture<Void> reads = new CompletableFuture<>();
        CompletableFuture<Exception> failure = new CompletableFuture<>();
        serve(STRICT, exchange -> {
            try {
                exchange.body().read();
                reads.complete(null);
                exchange.body().readAllBytes();
            } catch (IOException e) {
                failure.complete(e);
                throw e;
            }
        });
        StrictConnection client = client();
        send(client, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf ");
        Await.event("the handler to read", reads, SOON);
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();
        client.close();

        Await.event("the failure", failure, SOON);
        assertCompletes(shutdown);
    }

    @Test
    @DisplayName("R52: a request that asks to close the connection is answered, and the connection ends")
    void aLastRequestIsAnswered() throws Exception {
        Gate gate = gate();
        serve(STRICT, exchange -> {
            gate.pass();
            exchange.respond(200, "ok");
        });
        StrictConnection client = client();
        client.send(GET.withHeader("Connection", "close"));
        gate.awaitReached();
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();
        gate.open();

        assertLastAnswer(client, 200, "ok");
        assertCompletes(shutdown);
    }
}
