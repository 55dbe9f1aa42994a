package dev.baton.testkit;

import static dev.baton.testkit.ServerUnderTest.State.ACTIVE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.baton.testkit.ContractOptions.IdlePolicy;
import dev.baton.testkit.ServerUnderTest.ShutdownOutcome;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** HTTP/1.1 responses that are under way when the shutdown begins; the policy is the one that closes most. */
abstract class ResponseRules extends RequestRules {
    private static final ContractOptions STRICT = ContractOptions.defaults()
            .with(IdlePolicy.CLOSE)
            .withNewConnectionGrace(Duration.ZERO)
            .withIdleGrace(Duration.ZERO);

    /** More than the kernel's buffers of both sides take. */
    private static final int LARGE = 32 << 20;

    @Test
    @DisplayName("R61: a body of fixed length that is being sent is sent to its end")
    void aFixedBodyIsSentToItsEnd() throws Exception {
        aBodyIsSentToItsEnd(10);
    }

    @Test
    @DisplayName("R62: a chunked body that is being sent is sent to its end")
    void aChunkedBodyIsSentToItsEnd() throws Exception {
        aBodyIsSentToItsEnd(ContractExchange.UNKNOWN_LENGTH);
    }

    private void aBodyIsSentToItsEnd(long length) throws Exception {
        Gate gate = gate();
        serve(STRICT, exchange -> {
            try (OutputStream out = exchange.respond(200, length)) {
                out.write("half ".getBytes(StandardCharsets.US_ASCII));
                out.flush();
                gate.pass();
                out.write("whole".getBytes(StandardCharsets.US_ASCII));
            }
        });
        StrictConnection client = client();
        client.send(GET);
        gate.awaitReached();
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();
        assertPending(shutdown);
        gate.open();

        assertEquals("half whole", answer(client).text());
        assertEnds(client);
        assertCompletes(shutdown);
    }

    @Test
    @DisplayName(
            "R63: a client whose upload is answered early reads the whole answer while it sends on, and meets no reset")
    void anEarlyAnswerArrives() throws Exception {
        Gate gate = gate();
        serve(STRICT, exchange -> {
            gate.pass();
            exchange.respond(401, "no");
        });
        StrictConnection client = client();
        byte[] part = new byte[1 << 20];
        send(client, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + 5 * part.length + "\r\n\r\n");
        gate.awaitReached();
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();
        gate.open();
        client.write(part);

        Answer answer = answer(client);
        assertEquals(401, answer.status());
        assertEquals("no", answer.text());
        assertEquals(true, answer.announcesClose());
        for (int i = 1; i < 5; i++) {
            client.write(part);
        }
        client.shutdownOutput();
        assertEnds(client);
        assertCompletes(shutdown);
    }

    @Test
    @DisplayName("R64: a client that reads nothing until its buffers are full gets every byte, and is waited for")
    void aSlowReaderGetsEveryByte() throws Exception {
        byte[] body = new byte[LARGE];
        new Random(64).nextBytes(body);
        Gate gate = gate();
        CompletableFuture<Void> written = new CompletableFuture<>();
        serve(STRICT, exchange -> {
            gate.pass();
            try (OutputStream out = exchange.respond(200, body.length)) {
                out.write(body);
            }
            written.complete(null);
        });
        StrictConnection client = client();
        client.send(GET);
        gate.awaitReached();
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();
        gate.open();
        client.readUntil("\r\n\r\n", SOON);
        awaitSentStops();
        assertPending(shutdown);

        client.expect(body, SOON);
        assertEnds(client);
        assertCompletes(shutdown);
        Await.event("the handler", written, SOON);
    }

    /** Waits until the server has sent nothing more for a while: the buffers are full. */
    private void awaitSentStops() throws Exception {
        long[] sent = {-1, System.nanoTime()};
        Await.state("the buffers to be full", SOON, () -> {
            long now = server().connections().getFirst().bytesSent();
            if (now != sent[0]) {
                sent[0] = now;
                sent[1] = System.nanoTime();
            }
            return System.nanoTime() - sent[1] > Duration.ofMillis(200).toNanos();
        });
    }

    @Test
    @DisplayName("R65: a handler that throws before the response gives 500, and the connection ends")
    void aFailureBeforeTheHeadIsAnswered() throws Exception {
        Gate gate = gate();
        serve(STRICT, exchange -> {
            gate.pass();
            throw new IllegalStateException("a handler that fails, on purpose");
        });
        StrictConnection client = client();
        client.send(GET);
        gate.awaitReached();
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();
        gate.open();

        Answer answer = answer(client);
        assertEquals(500, answer.status());
        assertEquals(true, answer.announcesClose());
        assertEnds(client);
        assertCompletes(shutdown);
    }

    @Test
    @DisplayName("R66: a handler that throws within the response cuts it, so that the client sees that it is not whole")
    void aFailureAfterTheHeadIsSeen() throws Exception {
        Gate gate = gate();
        serve(STRICT, exchange -> {
            OutputStream out = exchange.respond(200, ContractExchange.UNKNOWN_LENGTH);
            out.write("half".getBytes(StandardCharsets.US_ASCII));
            out.flush();
            gate.pass();
            throw new IOException("a handler that fails, on purpose");
        });
        StrictConnection client = client();
        client.send(GET);
        gate.awaitReached();
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();
        gate.open();

        Failure failure = assertInstanceOf(Failure.class, client.receive(GET, SOON));
        assertEquals(
                true,
                List.of(FailureKind.TRUNCATED, FailureKind.RESET).contains(failure.kind()),
                () -> "the client saw " + failure);
        assertCompletes(shutdown);
    }

    @Test
    @DisplayName("R67: a response that another thread completes after the handler has returned is waited for")
    void anAsynchronousResponseIsWaitedFor() throws Exception {
        CompletableFuture<ContractExchange> handed = new CompletableFuture<>();
        serve(STRICT, handed::complete);
        StrictConnection client = client();
        client.send(GET);
        ContractExchange exchange = Await.event("the request", handed, SOON);
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();
        assertPending(shutdown);
        assertEquals(List.of(ACTIVE), openStates());
        exchange.respond(200, "late");

        assertLastAnswer(client, 200, "late");
        assertCompletes(shutdown);
    }

    @Test
    @DisplayName("R68: a handler that began to answer and left the rest to another thread is waited for")
    void anAsynchronousBodyIsWaitedFor() throws Exception {
        CompletableFuture<OutputStream> handed = new CompletableFuture<>();
        serve(STRICT, exchange -> {
            OutputStream out = exchange.respond(200, ContractExchange.UNKNOWN_LENGTH);
            out.write("half ".getBytes(StandardCharsets.US_ASCII));
            out.flush();
            handed.complete(out);
        });
        StrictConnection client = client();
        client.send(GET);
        OutputStream out = Await.event("the response to begin", handed, SOON);
        CompletableFuture<ShutdownOutcome> shutdown = beginShutdown();
        assertPending(shutdown);
        out.write("whole".getBytes(StandardCharsets.US_ASCII));
        out.close();

        byte[] expected = "half whole".getBytes(StandardCharsets.US_ASCII);
        assertArrayEquals(expected, answer(client).body());
        assertEnds(client);
        assertCompletes(shutdown);
    }
}
