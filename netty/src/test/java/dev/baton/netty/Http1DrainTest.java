package dev.baton.netty;

import static dev.baton.drain.ConnectionState.ACTIVE;
import static dev.baton.drain.ConnectionState.CLOSED;
import static dev.baton.drain.ConnectionState.HIJACKED;
import static dev.baton.drain.ConnectionState.IDLE;
import static dev.baton.drain.ConnectionState.NEW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.Participant.DrainReason;
import dev.baton.drain.ConnectionState;
import dev.baton.drain.DrainOptions;
import dev.baton.drain.IdlePolicy;
import dev.baton.drain.ShutdownResult;
import dev.baton.testkit.Answer;
import dev.baton.testkit.Await;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Outcome;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
import dev.baton.testkit.StrictConnection.Ending;
import io.netty.channel.Channel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How connections in every situation end when the server drains. */
@ExtendWith(NoLeaks.class)
final class Http1DrainTest {
    private static final Duration SOON = TestServer.SOON;
    private static final Request NAME = Request.get("/name", ExpectedBody.anything());
    private static final String GET = "GET /name HTTP/1.1\r\nHost: h\r\n\r\n";
    private static final String HELD = "GET /held HTTP/1.1\r\nHost: h\r\n\r\n";

    private final ManualTimer timer = new ManualTimer();
    private TestListener listener;
    private TestServer server;
    private StrictConnection client;

    @BeforeEach
    void listen() throws Exception {
        listener = TestListener.tcp4();
        start(IdlePolicy.CLOSE_AFTER_RESPONSE);
    }

    private void start(IdlePolicy policy) throws Exception {
        if (server != null) {
            client.close();
            server.close();
        }
        DrainOptions options = DrainOptions.builder().idlePolicy(policy).build();
        server = TestServer.started("1", options, timer, listener);
        client = StrictConnection.open(listener.localAddress());
        server.awaitStates(NEW);
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        server.close();
        listener.close();
    }

    @Test
    void policyCloseClosesAnIdleConnectionAtOnce() throws Exception {
        start(IdlePolicy.CLOSE);
        becomeIdle();

        CompletableFuture<Void> drained = drain();

        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        Await.event("the drain", drained, SOON);
    }

    @ParameterizedTest
    @EnumSource(names = {"CLOSE_AFTER_RESPONSE", "MIGRATE"})
    void theOtherPoliciesServeAnIdleConnectionOnceMore(IdlePolicy policy) throws Exception {
        start(policy);
        becomeIdle();

        CompletableFuture<Void> drained = drain();
        barrier();
        assertThat(server.states().getLast()).isEqualTo(IDLE);
        client.send(NAME);

        assertThat(answer().announcesClose()).isTrue();
        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        Await.event("the drain", drained, SOON);
    }

    @Test
    void anIdleConnectionIsClosedWhenTheIdleGraceIsOver() throws Exception {
        becomeIdle();
        CompletableFuture<Void> drained = drain();
        timer.advance(Duration.ofSeconds(29));
        barrier();
        assertThat(server.states().getLast()).isEqualTo(IDLE);

        timer.advance(Duration.ofSeconds(1));

        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        Await.event("the drain", drained, SOON);
    }

    @ParameterizedTest
    @EnumSource
    void aSilentConnectionIsServedWithinItsGraceWhateverThePolicy(IdlePolicy policy) throws Exception {
        start(policy);
        CompletableFuture<Void> drained = drain();
        timer.advance(Duration.ofSeconds(4));
        barrier();
        client.send(NAME);

        assertThat(answer().announcesClose()).isTrue();
        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        Await.event("the drain", drained, SOON);
        assertThat(server.states()).containsSequence(NEW, ACTIVE, CLOSED);
    }

    @Test
    void aSilentConnectionIsClosedAfterItsGrace() throws Exception {
        start(IdlePolicy.CLOSE);
        CompletableFuture<Void> drained = drain();
        timer.advance(Duration.ofSeconds(5));
        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        Await.event("the drain", drained, SOON);
    }

    @Test
    void aRequestInFlightIsAnsweredWithCloseAndTheDrainEndsWithItsLastByte() throws Exception {
        send(HELD);
        server.awaitRequests(1);
        CompletableFuture<Void> drained = drain();
        barrier();
        assertThat(drained).isNotDone();

        server.release();

        assertThat(answer().announcesClose()).isTrue();
        // The client has not closed its side: the process does not wait for that.
        Await.event("the drain", drained, SOON);
        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
    }

    @Test
    void aResponseThatHadBegunEndsAndTheNextOneSaysClose() throws Exception {
        send("GET /head-first HTTP/1.1\r\nHost: h\r\n\r\n");
        server.awaitRequests(1);
        barrier();
        CompletableFuture<Void> drained = drain();
        server.release();
        assertThat(answer().announcesClose()).isFalse();
        server.awaitState(IDLE);
        assertThat(drained).isNotDone();

        client.send(NAME);

        assertThat(answer().announcesClose()).isTrue();
        Await.event("the drain", drained, SOON);
    }

    @Test
    void halfARequestIsServedWhenItsOtherHalfComes() throws Exception {
        send(GET.substring(0, 10));
        server.awaitState(ACTIVE);
        CompletableFuture<Void> drained = drain();
        timer.advance(Duration.ofMinutes(1));
        barrier();
        send(GET.substring(10));

        assertThat(answer().announcesClose()).isTrue();
        Await.event("the drain", drained, SOON);
    }

    @Test
    void onlyTheLastOfTheRequestsThatWereExecutedSaysClose() throws Exception {
        send(HELD + HELD + HELD);
        server.awaitRequests(3);
        CompletableFuture<Void> drained = drain();
        barrier();
        server.release();

        assertThat(answer().announcesClose()).isFalse();
        assertThat(answer().announcesClose()).isFalse();
        assertThat(answer().announcesClose()).isTrue();
        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        Await.event("the drain", drained, SOON);
    }

    @Test
    void aRequestThatHadBegunBehindAnotherIsServedToo() throws Exception {
        send(HELD + HELD.substring(0, 10));
        server.awaitRequests(1);
        CompletableFuture<Void> drained = drain();
        barrier();
        send(HELD.substring(10));
        server.awaitRequests(2);
        server.release();

        assertThat(answer().announcesClose()).isFalse();
        assertThat(answer().announcesClose()).isTrue();
        Await.event("the drain", drained, SOON);
    }

    @Test
    void aRequestThatComesBehindOneInFlightAfterTheDrainBeganIsNotExecuted() throws Exception {
        send(HELD);
        server.awaitRequests(1);
        CompletableFuture<Void> drained = drain();
        barrier();
        send("POST /name HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello" + GET.substring(0, 5));
        barrier();
        server.release();

        assertThat(answer().announcesClose()).isTrue();
        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        // The client is still sending, as far as one knows: a reset would destroy its response.
        assertThat(drained).isNotDone();
        client.close();
        Await.event("the drain", drained, SOON);
        assertThat(server.requests()).containsExactly("/held");
    }

    @Test
    void aRequestThatIsInTheSocketWhenTheIdleCloseComesIsServed() throws Exception {
        start(IdlePolicy.CLOSE);
        becomeIdle();
        Channel channel = server.channels().getFirst();
        CountDownLatch blocked = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        var _ = channel.eventLoop().submit(() -> {
            blocked.countDown();
            go.await();
            return true;
        });
        blocked.await();
        client.send(NAME);
        server.park();
        // The loop hears of the drain, and of the idle close, before it reads.
        CompletableFuture<Void> drained = server.netty().drain(DrainReason.SUCCEEDED);
        go.countDown();

        assertThat(answer().announcesClose()).isTrue();
        Await.event("the drain", drained, SOON);
    }

    @Test
    void anUndoneDrainKeepsConnectionsAlive() throws Exception {
        becomeIdle();
        CompletableFuture<Void> drained = drain();
        server.resume();
        assertThat(drained).isCancelled();

        client.send(NAME);
        assertThat(answer().announcesClose()).isFalse();
        client.send(NAME);
        assertThat(answer().announcesClose()).isFalse();

        CompletableFuture<Void> again = drain();
        client.send(NAME);
        assertThat(answer().announcesClose()).isTrue();
        Await.event("the drain", again, SOON);
    }

    @Test
    void aHijackedConnectionIsNotWaitedForAndLivesOn() throws Exception {
        send("GET /hijack HTTP/1.1\r\nHost: h\r\n\r\n");
        server.awaitState(HIJACKED);

        Await.event("the drain", drain(), SOON);

        assertThat(server.channels()).singleElement().matches(Channel::isActive);
    }

    @Test
    void theDeadlineReportsWhatIsOpenAndCloseEndsIt() throws Exception {
        send(HELD);
        server.awaitRequests(1);
        CompletableFuture<ShutdownResult> shutdown = server.netty().shutdown(Duration.ofSeconds(10));
        server.park();
        timer.advance(Duration.ofSeconds(10));

        ShutdownResult result = Await.event("the deadline", shutdown, SOON);
        assertThat(result)
                .isInstanceOfSatisfying(
                        ShutdownResult.TimedOut.class,
                        timedOut -> assertThat(timedOut.open()).singleElement().satisfies(open -> {
                            assertThat(open.state()).isEqualTo(ConnectionState.ACTIVE);
                            assertThat(open.age()).isEqualTo(Duration.ofSeconds(10));
                        }));
        assertThat(server.netty().close()).isEqualTo(1);
        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
    }

    @Test
    void aLargeResponseIsWholeAtASlowReaderBeforeTheDrainEnds() throws Exception {
        send("GET /held-large HTTP/1.1\r\nHost: h\r\n\r\n");
        server.awaitRequests(1);
        CompletableFuture<Void> drained = drain();
        barrier();
        server.release();
        barrier();
        assertThat(drained).as("while the client reads nothing").isNotDone();

        assertThat(answer().text()).isEqualTo("x".repeat(TestHandler.LARGE));
        Await.event("the drain", drained, SOON);
    }

    private CompletableFuture<Void> drain() throws InterruptedException {
        server.park();
        return server.netty().drain(DrainReason.SUCCEEDED);
    }

    private void becomeIdle() throws Exception {
        client.send(NAME);
        answer();
        server.awaitState(IDLE);
    }

    private void send(String bytes) throws IOException {
        client.write(bytes.getBytes(StandardCharsets.US_ASCII));
    }

    private Answer answer() {
        Outcome outcome = client.receive(NAME, SOON);
        assertThat(outcome).isInstanceOf(Answer.class);
        return (Answer) outcome;
    }

    /** Returns when the connections' loops have done what they had to do. */
    private void barrier() throws Exception {
        server.turnLoops();
    }
}
