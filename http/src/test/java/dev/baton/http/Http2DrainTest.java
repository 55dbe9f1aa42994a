package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.drain.ConnectionSnapshot;
import dev.baton.drain.ConnectionState;
import dev.baton.drain.DrainReason;
import dev.baton.drain.DrainResult;
import dev.baton.testkit.Await;
import dev.baton.testkit.Http2Client;
import dev.baton.testkit.Http2Client.GoAway;
import dev.baton.testkit.Http2Client.Response;
import dev.baton.testkit.Http2Frame;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** How an HTTP/2 connection ends in a drain (RFC 9113, section 6.8). */
final class Http2DrainTest extends Http2ServerTest {
    private static final int ALL_STREAMS = Integer.MAX_VALUE;
    private static final int NO_ERROR = 0;
    private static final Duration SOON = Duration.ofSeconds(15);

    private final Semaphore entered = new Semaphore(0);
    private final CountDownLatch released = new CountDownLatch(1);
    private final AtomicInteger handled = new AtomicInteger();

    /** Answers "/held" when the test lets it, and all else at once. */
    private BatonHttpServer serveHeld() throws Exception {
        return serve(exchange -> {
            handled.incrementAndGet();
            byte[] body = exchange.getRequestBody().readAllBytes();
            if (exchange.getRequestURI().getPath().equals("/held")) {
                entered.release();
                awaitQuietly(released);
            }
            answer(exchange, 200, "served " + body.length);
        });
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Http2Frame pingAnswer(Http2Frame ping) {
        return new Http2Frame(Http2Frame.PING, Http2Frame.ACK, 0, ping.payload());
    }

    @Test
    void aDrainIsAnnouncedWithTheHighestStreamAndAPing() throws Exception {
        BatonHttpServer server = serveHeld();
        Http2Client client = connectHttp2();
        client.get("/held");
        entered.acquire();
        client.silent();

        var _ = server.connections().drain(DrainReason.SUCCEEDED);
        client.await(Http2Frame.PING);

        assertThat(client.goAways()).containsExactly(new GoAway(ALL_STREAMS, NO_ERROR));
    }

    @Test
    void theLastStreamIsNamedWhenThePingIsAnswered() throws Exception {
        BatonHttpServer server = serveHeld();
        Http2Client client = connectHttp2();
        int held = client.get("/held");
        entered.acquire();

        CompletableFuture<DrainResult> drained = server.connections().drain(DrainReason.SUCCEEDED);
        client.await(Http2Frame.GOAWAY);
        client.await(Http2Frame.GOAWAY);
        assertThat(client.goAways()).containsExactly(new GoAway(ALL_STREAMS, NO_ERROR), new GoAway(held, NO_ERROR));
        assertThat(drained).isNotDone();

        released.countDown();
        assertThat(client.response(held).text()).isEqualTo("served 0");
        client.readToEnd().close();
        assertThat(Await.event("the drain", drained, SOON)).isEqualTo(DrainResult.COMPLETED);
    }

    @Test
    void aStreamThatIsOpenedBeforeTheAnswerToThePingIsServed() throws Exception {
        BatonHttpServer server = serveHeld();
        Http2Client client = connectHttp2().synchronize().silent();

        var _ = server.connections().drain(DrainReason.SUCCEEDED);
        Http2Frame ping = client.await(Http2Frame.PING);
        int late = client.open("POST", "/late", false);
        client.send(pingAnswer(ping));
        client.await(Http2Frame.GOAWAY);
        client.send(Http2Frame.data(late, true, new byte[1000]));

        assertThat(client.goAways().getLast()).isEqualTo(new GoAway(late, NO_ERROR));
        assertThat(client.response(late).text()).isEqualTo("served 1000");
        client.readToEnd();
    }

    @Test
    void aStreamAboveTheLastIsIgnoredAndTheOthersGoOn() throws Exception {
        BatonHttpServer server = serveHeld();
        Http2Client client = connectHttp2();
        int held = client.get("/held");
        entered.acquire();
        var _ = server.connections().drain(DrainReason.SUCCEEDED);
        client.await(Http2Frame.GOAWAY);
        client.await(Http2Frame.GOAWAY);

        int ignored = client.open("POST", "/ignored", false);
        client.send(Http2Frame.data(ignored, false, new byte[1000]));
        client.send(Http2Frame.windowUpdate(ignored, 1000));
        client.send(Http2Frame.reset(ignored, 8));
        client.synchronize();
        released.countDown();

        assertThat(client.response(held).text()).isEqualTo("served 0");
        client.readToEnd();
        Response none = client.soFar(ignored);
        assertThat(none.status()).isZero();
        assertThat(none.reset()).isEmpty();
        assertThat(client.goAways()).hasSize(2);
        assertThat(handled).hasValue(1);
    }

    @Test
    void theWindowOfTheConnectionIsGivenBackForIgnoredStreams() throws Exception {
        BatonHttpServer server = serveHeld();
        Http2Client client = connectHttp2();
        int held = client.open("POST", "/held", false);
        client.synchronize();
        var _ = server.connections().drain(DrainReason.SUCCEEDED);
        client.await(Http2Frame.GOAWAY);
        client.await(Http2Frame.GOAWAY);

        int ignored = client.open("POST", "/ignored", false);
        byte[] piece = new byte[16 * 1024];
        // Four times what the window of the connection is, with never more than half of it on its way.
        for (int i = 0; i < 256; i++) {
            client.send(Http2Frame.data(ignored, false, piece));
            if (i % 32 == 31) {
                client.synchronize();
            }
        }
        client.send(Http2Frame.data(held, true, piece));
        released.countDown();

        assertThat(client.response(held).text()).isEqualTo("served " + piece.length);
    }

    @Test
    void anIdleConnectionEndsAtOnceAndInOrder() throws Exception {
        BatonHttpServer server = serveHeld();
        Http2Client client = connectHttp2();
        int done = client.get("/done");
        client.response(done);

        CompletableFuture<DrainResult> drained = server.connections().drain(DrainReason.SUCCEEDED);
        client.readToEnd().close();

        assertThat(client.goAways()).containsExactly(new GoAway(ALL_STREAMS, NO_ERROR), new GoAway(done, NO_ERROR));
        assertThat(Await.event("the drain", drained, SOON)).isEqualTo(DrainResult.COMPLETED);
    }

    @Test
    void aConnectionThatBecomesHttp2DuringADrainGetsSettingsAndThenGoAway() throws Exception {
        BatonHttpServer server = serveHeld();
        Http2Client client = connectRawly();
        Await.state("the connection", SOON, () -> server.connections().size() == 1);
        var _ = server.connections().drain(DrainReason.SUCCEEDED);

        client.preface();
        int served = client.get("/served");
        assertThat(client.read())
                .hasValueSatisfying(first -> assertThat(first.type()).isEqualTo(Http2Frame.SETTINGS));
        assertThat(client.response(served).text()).isEqualTo("served 0");
        client.readToEnd();

        assertThat(client.goAways()).containsExactly(new GoAway(ALL_STREAMS, NO_ERROR), new GoAway(served, NO_ERROR));
    }

    @Test
    void aClientThatDoesNotAnswerThePingIsHeldToTheLastStreamAllTheSame() throws Exception {
        BatonHttpServer server = serveHeld();
        Http2Client client = connectHttp2();
        int held = client.get("/held");
        entered.acquire();
        client.silent();

        var _ = server.connections().drain(DrainReason.SUCCEEDED);
        client.await(Http2Frame.GOAWAY);
        long announced = System.nanoTime();
        client.await(Http2Frame.GOAWAY);

        assertThat(Duration.ofNanos(System.nanoTime() - announced)).isGreaterThan(Duration.ofMillis(1500));
        assertThat(client.goAways().getLast()).isEqualTo(new GoAway(held, NO_ERROR));
        released.countDown();
        assertThat(client.response(held).whole()).isTrue();
    }

    @Test
    void aDrainThatIsUndoneDoesNotTakeTheAnnouncementBack() throws Exception {
        BatonHttpServer server = serveHeld();
        Http2Client client = connectHttp2();
        int held = client.get("/held");
        entered.acquire();
        var _ = server.connections().drain(DrainReason.SUCCEEDED);
        client.await(Http2Frame.GOAWAY);

        server.connections().resume();
        released.countDown();
        client.response(held);
        client.readToEnd();

        assertThat(client.goAways()).containsExactly(new GoAway(ALL_STREAMS, NO_ERROR), new GoAway(held, NO_ERROR));
    }

    @Test
    void aDrainThatIsUndoneBeforeThePrefaceLeavesTheConnectionAlone() throws Exception {
        BatonHttpServer server = serveHeld();
        Http2Client client = connectRawly();
        Await.state("the connection", SOON, () -> server.connections().size() == 1);
        var _ = server.connections().drain(DrainReason.SUCCEEDED);
        server.connections().resume();

        client.preface();
        client.response(client.get("/one"));
        client.response(client.get("/two"));
        client.synchronize();

        assertThat(client.goAways()).isEmpty();
    }

    @Test
    void statesFollowTheStreams() throws Exception {
        BatonHttpServer server = serveHeld();
        Http2Client client = connectRawly();
        awaitState(server, ConnectionState.NEW);
        client.preface().synchronize();
        awaitState(server, ConnectionState.IDLE);
        int held = client.get("/held");
        entered.acquire();
        int other = client.get("/other");
        client.response(other);
        awaitState(server, ConnectionState.ACTIVE);
        released.countDown();
        client.response(held);
        awaitState(server, ConnectionState.IDLE);

        assertThat(server.connections().snapshot())
                .singleElement()
                .extracting(ConnectionSnapshot::requestsServed)
                .isEqualTo(2L);
        client.close();
        Await.state("no connection", SOON, () -> server.connections().size() == 0);
    }

    private static void awaitState(BatonHttpServer server, ConnectionState state) throws Exception {
        Await.state(
                "a connection that is " + state,
                SOON,
                () -> server.connections().snapshot().stream().anyMatch(each -> each.state() == state));
    }
}
