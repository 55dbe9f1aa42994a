package dev.baton.netty;

import static dev.baton.drain.ConnectionState.ACTIVE;
import static dev.baton.drain.ConnectionState.CLOSED;
import static dev.baton.drain.ConnectionState.HIJACKED;
import static dev.baton.drain.ConnectionState.IDLE;
import static dev.baton.drain.ConnectionState.NEW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.drain.ConnectionSnapshot;
import dev.baton.drain.ConnectionState;
import dev.baton.testkit.Answer;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Outcome;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
import dev.baton.testkit.StrictConnection.Ending;
import io.netty.channel.Channel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The states of a connection, and its end, without a drain. */
@ExtendWith(NoLeaks.class)
final class Http1ConnectionTest {
    private static final Duration SOON = TestServer.SOON;
    private static final Request NAME = Request.get("/name", ExpectedBody.anything());
    private static final String GET = "GET /name HTTP/1.1\r\nHost: h\r\n\r\n";
    private static final String POST = "POST /length HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
    private static final String CHUNKED =
            "POST /length HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";

    private TestListener listener;
    private TestServer server;
    private StrictConnection client;

    @BeforeEach
    void start() throws Exception {
        listener = TestListener.tcp4();
        server = TestServer.started("1", listener);
        client = StrictConnection.open(listener.localAddress());
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        server.close();
        listener.close();
    }

    @Test
    void keepAliveGoesFromActiveToIdleAndBack() throws Exception {
        client.send(NAME);
        answer();
        server.awaitStates(NEW, ACTIVE, IDLE);
        client.send(NAME);
        answer();
        client.close();
        server.awaitStates(NEW, ACTIVE, IDLE, ACTIVE, IDLE, CLOSED);
    }

    @Test
    void aConnectionThatSaysNothingStaysNew() throws Exception {
        server.awaitStates(NEW);
        client.close();
        server.awaitStates(NEW, CLOSED);
    }

    @Test
    void halfARequestLineMakesItActive() throws Exception {
        send("GET /na");
        server.awaitStates(NEW, ACTIVE);
        client.close();
        server.awaitStates(NEW, ACTIVE, CLOSED);
    }

    @Test
    void pipelinedRequestsAreOneActivePeriod() throws Exception {
        send(GET + POST + GET + CHUNKED);
        assertThat(answer().text()).isEqualTo("1");
        assertThat(answer().text()).isEqualTo("5");
        assertThat(answer().text()).isEqualTo("1");
        assertThat(answer().text()).isEqualTo("5");
        server.awaitStates(NEW, ACTIVE, IDLE);
        assertThat(server.connections().snapshot())
                .singleElement()
                .extracting(ConnectionSnapshot::requestsServed)
                .isEqualTo(4L);
    }

    @ParameterizedTest
    @ValueSource(strings = {GET, POST, CHUNKED})
    void aRequestIsOneActivePeriodWhereverItIsCutInTwo(String request) throws Exception {
        List<ConnectionState> expected = new ArrayList<>(List.of(NEW));
        for (int cut = 1; cut < request.length(); cut++) {
            send(request.substring(0, cut));
            expected.add(ACTIVE);
            server.awaitStates(expected.toArray(ConnectionState[]::new));
            send(request.substring(cut));
            answer();
            expected.add(IDLE);
            server.awaitStates(expected.toArray(ConnectionState[]::new));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {GET, POST, CHUNKED})
    void theBeginningOfTheNextRequestKeepsItActiveWhereverItIsCut(String request) throws Exception {
        for (int cut = 1; cut < request.length(); cut++) {
            // The first request ends in the middle of a read, and that read may begin in the middle of a line.
            for (int begin = 0; begin < 20; begin += 19) {
                if (begin > 0) {
                    send(request.substring(0, begin));
                    server.awaitState(ACTIVE);
                }
                send(request.substring(begin) + request.substring(0, cut));
                answer();
                barrier();
                assertThat(server.states().getLast()).as("cut at " + cut).isEqualTo(ACTIVE);
                send(request.substring(cut));
                answer();
                server.awaitState(IDLE);
            }
        }
        // A pair of requests is one active period, each time.
        long idle = server.states().stream().filter(each -> each == IDLE).count();
        assertThat(idle).isEqualTo(2L * (request.length() - 1));
    }

    @Test
    void emptyLinesBetweenRequestsAreNoRequest() throws Exception {
        send(POST + "\r\n");
        answer();
        server.awaitStates(NEW, ACTIVE, IDLE);
        send("\r\n");
        barrier();
        server.awaitStates(NEW, ACTIVE, IDLE);
        send("\r\n" + GET);
        answer();
        server.awaitStates(NEW, ACTIVE, IDLE, ACTIVE, IDLE);
    }

    @Test
    void itIsNotIdleUntilTheRequestWasReadToItsEndEvenIfItWasAnswered() throws Exception {
        send("POST /head-first HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
        server.release();
        answer();
        server.awaitStates(NEW, ACTIVE, IDLE);
    }

    @Test
    void aClientThatAsksToCloseIsAnsweredAndClosed() throws Exception {
        client.send(NAME.withHeader("Connection", "close"));
        Answer answer = answer();
        assertThat(answer.announcesClose()).isTrue();
        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        server.awaitStates(NEW, ACTIVE, CLOSED);
    }

    @Test
    void aRequestBehindOneThatAsksToCloseIsNotExecuted() throws Exception {
        send("GET /name HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + GET);
        answer();
        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        client.close();
        server.awaitStates(NEW, ACTIVE, CLOSED);
        assertThat(server.requests()).containsExactly("/name");
    }

    @Test
    void aRequestThatCannotBeUnderstoodIsAnsweredAndTheConnectionClosed() throws Exception {
        send("GET /name HTTP/1.1\r\nBad Header : x\r\n\r\nmore of it");
        Answer answer = answer();
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.announcesClose()).isTrue();
        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
    }

    @Test
    void aClientThatHasClosedItsSideGetsItsResponse() throws Exception {
        send("GET /held HTTP/1.1\r\nHost: h\r\n\r\n");
        server.awaitRequests(1);
        client.shutdownOutput();
        server.turnLoops();
        server.release();

        assertThat(answer().text()).isEqualTo("1");
        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        server.awaitStates(NEW, ACTIVE, CLOSED);
    }

    @Test
    void aClientThatClosesItsSideInTheMiddleOfARequestIsClosed() throws Exception {
        send("POST /length HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel");
        server.awaitRequests(1);
        client.shutdownOutput();

        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        server.awaitStates(NEW, ACTIVE, CLOSED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Connection: close\r\n"})
    void anEarlyResponseArrivesWholeAtAClientThatSendsFiveMegabytesFirst(String header) throws Exception {
        // The application closes the channel itself in the first case, and in the second it is closed before that.
        byte[] head = ("POST /early HTTP/1.1\r\nHost: h\r\n" + header + "Content-Length: 5000000\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        byte[] body = new byte[5_000_000];
        Arrays.fill(body, (byte) 'x');
        client.write(head);
        client.write(body);

        Answer answer = answer();
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.text()).isEqualTo("who are you?\n".repeat(1000));
        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        server.awaitState(ACTIVE);
        client.close();
        server.awaitStates(NEW, ACTIVE, CLOSED);
    }

    @Test
    void aClientThatGoesOnSendingAfterAnEarlyResponseIsBounded() throws Exception {
        client.write("POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII));
        byte[] part = new byte[1 << 20];
        int parts = 0;
        try {
            for (; parts < 100; parts++) {
                client.write(part);
            }
        } catch (IOException e) {
            // Reset, as it should be.
        }
        server.awaitStates(NEW, ACTIVE, CLOSED);
        assertThat(parts).isBetween(60, 99);
    }

    @Test
    void aHandlerThatChangesTheBytesMayComeBeforeIt() throws Exception {
        server.inFront(InvertingHandler::new);
        InetSocketAddress address = (InetSocketAddress) listener.localAddress();
        try (Socket secret = new Socket(address.getAddress(), address.getPort())) {
            byte[] request = POST.getBytes(StandardCharsets.US_ASCII);
            InvertingHandler.invert(request);
            secret.getOutputStream().write(request);
            server.awaitStates(NEW, NEW, ACTIVE, IDLE);
            // Whoever sees the empty line inverted takes it for the beginning of a request.
            byte[] emptyLine = {~'\r', ~'\n'};
            secret.getOutputStream().write(emptyLine);
            barrier();
            server.awaitStates(NEW, NEW, ACTIVE, IDLE);
            secret.shutdownOutput();
            byte[] answer = secret.getInputStream().readAllBytes();
            InvertingHandler.invert(answer);
            assertThat(new String(answer, StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 200 ")
                    .endsWith("5");
            server.awaitStates(NEW, NEW, ACTIVE, IDLE, CLOSED);
        }
    }

    @Test
    void aHijackedConnectionIsTheApplications() throws Exception {
        send("GET /hijack HTTP/1.1\r\nHost: h\r\n\r\n");
        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.BYTES);
        server.awaitStates(NEW, ACTIVE, HIJACKED);
        assertThat(server.connections().size()).isZero();
        assertThat(server.channels()).singleElement().satisfies(channel -> {
            assertThat(channel.pipeline().get(Http1Bytes.class)).isNull();
            assertThat(channel.pipeline().get(Http1Connection.class)).isNull();
        });
        client.close();
        awaitNoChannel();
        assertThat(server.states()).containsExactly(NEW, ACTIVE, HIJACKED);
    }

    @Test
    void closeCountsTheRequestsThatItCuts() throws Exception {
        client.send(NAME);
        answer();
        server.awaitState(IDLE);
        try (StrictConnection busy = StrictConnection.open(listener.localAddress())) {
            busy.send(Request.get("/held", ExpectedBody.anything()));
            server.awaitRequests(2);

            assertThat(server.netty().close()).isEqualTo(1);

            assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
            assertThat(busy.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        }
    }

    @Test
    void bytesAreCounted() throws Exception {
        send(GET);
        answer();
        server.awaitState(IDLE);
        assertThat(server.connections().snapshot()).singleElement().satisfies(snapshot -> {
            assertThat(snapshot.bytesReceived()).isEqualTo(GET.length());
            assertThat(snapshot.bytesSent()).isGreaterThan(50);
            assertThat(snapshot.peer()).isEqualTo(client.localAddress());
        });
    }

    private void send(String bytes) throws IOException {
        client.write(bytes.getBytes(StandardCharsets.US_ASCII));
    }

    private Answer answer() {
        Outcome outcome = client.receive(NAME, SOON);
        assertThat(outcome).isInstanceOf(Answer.class);
        return (Answer) outcome;
    }

    /** Returns when the connection's loop has done what it had to do. */
    private void barrier() throws Exception {
        server.turnLoops();
    }

    private void awaitNoChannel() throws Exception {
        for (Channel channel : server.channels()) {
            assertThat(channel.closeFuture().await(SOON.toMillis())).isTrue();
        }
    }
}
