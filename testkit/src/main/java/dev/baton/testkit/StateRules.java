package dev.baton.testkit;

import static dev.baton.testkit.ServerUnderTest.State.ACTIVE;
import static dev.baton.testkit.ServerUnderTest.State.CLOSED;
import static dev.baton.testkit.ServerUnderTest.State.HIJACKED;
import static dev.baton.testkit.ServerUnderTest.State.IDLE;
import static dev.baton.testkit.ServerUnderTest.State.NEW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.testkit.ServerUnderTest.OpenConnection;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The states of a connection, as Go's {@code ConnState} has them. */
abstract class StateRules extends ContractFixture {

    @Test
    @DisplayName("R01: a connection that has sent nothing is NEW, and is in the list with its peer and its age")
    void aSilentConnectionIsNew() throws Exception {
        serve(exchange -> exchange.respond(200, "ok"));
        long before = System.nanoTime();
        StrictConnection client = client();

        OpenConnection open = server().connections().getFirst();
        long age = System.nanoTime() - before;
        assertEquals(List.of(NEW), states.of(0));
        assertEquals(NEW, open.state());
        assertEquals(0, open.requestsServed());
        if (capabilities().contains(ServerCapability.EXACT_BYTE_COUNTS)) {
            assertEquals(0, open.bytesSent());
        }
        assertTrue(!open.age().isNegative() && open.age().toNanos() <= age, "its age is " + open.age());
        if (client.localAddress() instanceof InetSocketAddress address) {
            assertEquals(address, open.peer());
        }
    }

    @Test
    @DisplayName("R02: the first byte of a request makes a connection ACTIVE, and the last of its response IDLE")
    void aConnectionIsActiveFromTheFirstByteToTheLast() throws Exception {
        Gate gate = gate();
        serve(exchange -> {
            gate.pass();
            exchange.respond(200, "ok");
        });
        StrictConnection client = client();
        send(client, "G");
        states.await(0, ACTIVE, 1, SOON);
        send(client, "ET / HTTP/1.1\r\nHost: h\r\n\r\n");
        gate.awaitReached();
        assertEquals(List.of(NEW, ACTIVE), states.of(0));
        gate.open();
        answer(client);
        states.await(0, IDLE, 1, SOON);

        assertEquals(List.of(IDLE), openStates());
    }

    @Test
    @DisplayName(
            "R03: every further request takes a connection from IDLE to ACTIVE and back, and its client's leaving to CLOSED")
    void aConnectionAlternatesBetweenActiveAndIdle() throws Exception {
        serve(exchange -> exchange.respond(200, "ok"));
        StrictConnection client = idleClient();
        client.send(GET);
        answer(client);
        states.await(0, IDLE, 2, SOON);
        client.close();
        states.await(0, CLOSED, 1, SOON);

        assertEquals(List.of(NEW, ACTIVE, IDLE, ACTIVE, IDLE, CLOSED), states.of(0));
    }

    @Test
    @DisplayName("R04: a connection whose client asks to close it goes from ACTIVE to CLOSED, without being IDLE")
    void theLastRequestLeadsToClosed() throws Exception {
        serve(exchange -> exchange.respond(200, "ok"));
        StrictConnection client = client();
        client.send(GET.withHeader("Connection", "close"));

        assertLastAnswer(client, 200, "ok");
        client.close();
        states.await(0, CLOSED, 1, SOON);
        assertEquals(List.of(NEW, ACTIVE, CLOSED), states.of(0));
    }

    @Test
    @DisplayName("R05: a connection whose client leaves without a word goes from NEW to CLOSED")
    void aSilentConnectionCloses() throws Exception {
        serve(exchange -> exchange.respond(200, "ok"));
        client().close();
        states.await(0, CLOSED, 1, SOON);

        assertEquals(List.of(NEW, CLOSED), states.of(0));
    }

    @Test
    @DisplayName("R06: a connection whose client leaves within a request goes from ACTIVE to CLOSED")
    void aBrokenRequestCloses() throws Exception {
        serve(exchange -> exchange.respond(200, "ok"));
        StrictConnection client = client();
        send(client, "GET / HTT");
        states.await(0, ACTIVE, 1, SOON);
        client.close();
        states.await(0, CLOSED, 1, SOON);

        assertEquals(List.of(NEW, ACTIVE, CLOSED), states.of(0));
    }

    @Test
    @DisplayName("R07: the list counts the requests that were served and the bytes of both directions")
    void theListCounts() throws Exception {
        serve(exchange -> {
            exchange.body().readAllBytes();
            exchange.respond(200, "ok");
        });
        StrictConnection client = idleClient();
        client.send(Request.withBody("POST", "/", new byte[10_000], ExpectedBody.anything()));
        answer(client);
        states.await(0, IDLE, 2, SOON);

        OpenConnection open = server().connections().getFirst();
        assertEquals(2, open.requestsServed());
        require(ServerCapability.EXACT_BYTE_COUNTS);
        assertEquals(client.bytesSent(), open.bytesReceived(), "received");
        assertEquals(client.bytesReceived(), open.bytesSent(), "sent");
    }

    @Test
    @DisplayName("R08: the list holds the connections that are open, oldest first")
    void theListIsOrdered() throws Exception {
        Gate gate = gate();
        serve(exchange -> {
            if (exchange.path().equals("/held")) {
                gate.pass();
            }
            exchange.respond(200, "ok");
        });
        idleClient();
        StrictConnection leaver = client();
        send(client(), "GET /held HTTP/1.1\r\nHost: h\r\n\r\n");
        gate.awaitReached();
        client();
        leaver.close();
        states.await(1, CLOSED, 1, SOON);

        assertEquals(List.of(IDLE, ACTIVE, NEW), openStates());
    }

    @Test
    @DisplayName("R09: a state listener that throws harms neither the connection nor the other listeners")
    void aListenerThatThrowsHarmsNobody() throws Exception {
        ServerUnderTest server = start(ContractOptions.defaults(), exchange -> exchange.respond(200, "ok"));
        server.onStateChange((_, from, to) -> {
            throw new IllegalStateException("a listener that fails from " + from + " to " + to + ", on purpose");
        });
        adopt(server);
        StrictConnection client = idleClient();
        client.send(GET.withHeader("Connection", "close"));
        assertLastAnswer(client, 200, "ok");
        client.close();
        states.await(0, CLOSED, 1, SOON);

        assertEquals(List.of(NEW, ACTIVE, IDLE, ACTIVE, CLOSED), states.of(0));
        assertEquals(List.of(), openStates());
    }

    @Test
    @DisplayName("R10: a connection that the application takes is HIJACKED, which is final, and is not in the list")
    void aTakenConnectionIsHijacked() throws Exception {
        require(ServerCapability.HIJACK);
        serve(exchange -> echo(exchange.hijack()));
        StrictConnection client = client();
        send(client, "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly");
        states.await(0, HIJACKED, 1, SOON);
        assertEquals(List.of(), openStates());

        awaitSwitched(client);
        client.expect("early".getBytes(StandardCharsets.US_ASCII), SOON);
        send(client, "late");
        client.expect("late".getBytes(StandardCharsets.US_ASCII), SOON);
        client.shutdownOutput();
        assertEnds(client);
        assertEquals(List.of(NEW, ACTIVE, HIJACKED), states.of(0));
    }

    /** Gives back what comes, until the client ends its side. */
    static void echo(ContractExchange.Taken taken) throws IOException {
        try (var in = taken.in();
                var out = taken.out()) {
            byte[] buffer = new byte[1024];
            for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
                out.write(buffer, 0, length);
                out.flush();
            }
        }
    }

    /** Reads the head of a 101. */
    static void awaitSwitched(StrictConnection client) throws IOException {
        client.expect("HTTP/1.1 101 ".getBytes(StandardCharsets.US_ASCII), SOON);
        client.readUntil("\r\n\r\n", SOON);
    }
}
