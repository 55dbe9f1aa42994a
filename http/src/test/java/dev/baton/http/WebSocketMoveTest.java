package dev.baton.http;

import static dev.baton.http.MovingNode.SOON;
import static dev.baton.http.MovingNode.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.MovableConnection;
import dev.baton.MovableConnection.Frozen;
import dev.baton.Participant.DrainReason;
import dev.baton.http.FrameClient.Frame;
import dev.baton.testkit.Await;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What can come between a WebSocket and its move: an undo, deaths, ends, closes, and an application that is busy. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
@SuppressWarnings("NullAway.Init") // Each test starts its servers first.
final class WebSocketMoveTest {
    private static final Duration SHORT = Duration.ofMillis(300);

    private MovingNode a;
    private MovingNode b;
    private FrameClient client;
    private TestMigration migration;
    private CompletableFuture<Void> ended;

    /** With one message exchanged, and nothing of it left to be done. */
    private void start(int version, MovingNode.Options options) throws Exception {
        a = new MovingNode("a", version, options);
        b = new MovingNode("b");
        client = a.open();
        assertThat(exchange("one")).isEqualTo("a 1 one");
        assertThat(a.counter.nextCall()).isEqualTo("one");
        a.counter.awaitAnswer();
        migration = a.migrationTo(b, true);
    }

    private void start() throws Exception {
        start(1, WebSocketOptions.Builder::build);
    }

    private void startImpatient() throws Exception {
        start(1, builder -> builder.closeTimeout(SHORT).build());
    }

    private void startKept() throws Exception {
        start(
                1,
                builder -> builder.closeTimeout(SHORT)
                        .drainPolicy(WebSocketDrainPolicy.KEEP_UNTIL_DEADLINE)
                        .build());
    }

    private String exchange(String text) throws IOException {
        client.send(TEXT, text);
        return client.receive().text();
    }

    private void drain() {
        ended = a.drain(migration);
    }

    private Frozen freeze(MovableConnection asking) throws InterruptedException {
        return migration.frozen(asking).orElseThrow();
    }

    private void moveTheNextThatAsks() throws Exception {
        move(migration.nextAsked());
    }

    /** Now, or when it asks again because it was busy. */
    private void move(MovableConnection asking) throws Exception {
        MovableConnection next = asking;
        Optional<Frozen> frozen = migration.frozen(next);
        while (frozen.isEmpty()) {
            next = migration.nextAsked();
            frozen = migration.frozen(next);
        }
        migration.move(next, frozen.get());
        Await.event("a's end", ended, SOON);
    }

    private void assertClosedWith1012() throws IOException {
        Frame close = client.receive();
        assertThat(close.opcode()).isEqualTo(FrameClient.CLOSE);
        assertThat(close.closeCode()).isEqualTo(1012);
        client.sendClose(1012, "");
        assertThat(client.isAtEnd()).isTrue();
    }

    @AfterEach
    void stop() throws IOException {
        client.raw().close();
        a.server.close();
        b.server.close();
    }

    // --- the way is lost ---

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anUndoThatTheWayHearsOfFirstClosesNothing(boolean frozen) throws Exception {
        start();
        drain();
        MovableConnection asking = migration.nextAsked();
        if (frozen) {
            assertThat(freeze(asking)).isNotNull();
        }
        migration.close();
        asking.stays();
        a.turnLoop();
        assertThat(exchange("two")).isEqualTo("a 2 two");
        a.undo();
        assertThat(exchange("three")).isEqualTo("a 3 three");
        Await.event("a's end", a.drainTo(b), SOON);
        assertThat(exchange("four")).isEqualTo("b 4 four");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void withoutAnUndoTheDeathOfTheOtherProcessClosesItWhenPatienceEnds(boolean frozen) throws Exception {
        startImpatient();
        drain();
        MovableConnection asking = migration.nextAsked();
        if (frozen) {
            assertThat(freeze(asking)).isNotNull();
        }
        migration.close();
        asking.stays();
        assertClosedWith1012();
        Await.event("a's end", ended, SOON);
    }

    @Test
    void oneWhoseTurnComesWhenTheOtherProcessIsDeadWaitsForTheUndo() throws Exception {
        start();
        migration.close();
        drain();
        a.turnLoop();
        a.undo();
        assertThat(exchange("two")).isEqualTo("a 2 two");
    }

    @Test
    void oneThatIsFrozenWhileADrainIsUndoneAsksInTheNext() throws Exception {
        start();
        drain();
        MovableConnection asking = migration.nextAsked();
        assertThat(freeze(asking)).isNotNull();
        a.undo();
        drain();
        asking.stays();
        moveTheNextThatAsks();
        assertThat(exchange("two")).isEqualTo("b 2 two");
    }

    // --- rest ---

    @Test
    void oneThatWaitsForRoomIsReadAndNotClosed() throws Exception {
        startImpatient();
        drain();
        MovableConnection asking = migration.nextAsked();
        assertThat(exchange("two")).isEqualTo("a 2 two");
        turnFor(SHORT.multipliedBy(2));
        assertThat(exchange("three")).isEqualTo("a 3 three");
        move(asking);
        assertThat(exchange("four")).isEqualTo("b 4 four");
    }

    /** The loop's own timer, behind which its earlier deadlines have been met. */
    private void turnFor(Duration time) throws Exception {
        a.channel()
                .eventLoop()
                .schedule(() -> {}, time.toMillis(), TimeUnit.MILLISECONDS)
                .get(15, TimeUnit.SECONDS);
    }

    /** Asks, is busy when there is room, and so is pressed to come to rest. */
    private void press(CompletableFuture<Void> gate) throws Exception {
        drain();
        MovableConnection asking = migration.nextAsked();
        a.counter.gate = gate;
        client.send(TEXT, "two");
        assertThat(a.counter.nextCall()).isEqualTo("two");
        assertThat(migration.frozen(asking)).isEmpty();
        a.turnLoop();
    }

    private String nextText() throws IOException {
        Frame frame = client.receive();
        while (frame.opcode() != FrameClient.TEXT) {
            frame = client.receive();
        }
        return frame.text();
    }

    @Test
    void oneThatIsBusyWhenThereIsRoomIsNotReadBeforeItHasMoved() throws Exception {
        start();
        CompletableFuture<Void> gate = new CompletableFuture<>();
        press(gate);
        for (int i = 0; i < 4; i++) {
            client.send(FrameClient.FIN | FrameClient.PING, "there?");
            turnFor(Duration.ofMillis(20));
        }
        assertThat(a.counter.calls).as("with the read that had begun").hasSizeLessThan(2);
        gate.complete(null);
        assertThat(nextText()).isEqualTo("a 2 two");
        moveTheNextThatAsks();
        client.send(TEXT, "three");
        assertThat(nextText()).isEqualTo("b 3 three");
    }

    @Test
    void oneThatHasComeToRestAndWaitsForRoomIsReadAgainWhenPatienceEnds() throws Exception {
        startImpatient();
        CompletableFuture<Void> gate = new CompletableFuture<>();
        press(gate);
        gate.complete(null);
        assertThat(nextText()).isEqualTo("a 2 two");
        MovableConnection asking = migration.nextAsked();
        turnFor(SHORT.multipliedBy(2));
        assertThat(exchange("three")).isEqualTo("a 3 three");
        move(asking);
        assertThat(exchange("four")).isEqualTo("b 4 four");
    }

    @Test
    void oneThatIsKeptIsReadWhenPatienceHasEndedAndMovesAtItsNextRest() throws Exception {
        startKept();
        CompletableFuture<Void> gate = new CompletableFuture<>();
        a.counter.gate = gate;
        client.send(TEXT, "two");
        assertThat(a.counter.nextCall()).isEqualTo("two");
        drain();
        for (int i = 0; i < 3; i++) { // A read may have been begun before the turn.
            client.send(FrameClient.FIN | FrameClient.PING, "there?");
            assertThat(client.receive().opcode()).isEqualTo(FrameClient.PONG);
        }
        assertThat(migration.nobodyAsks()).isTrue();
        gate.complete(null);
        assertThat(client.receive().text()).isEqualTo("a 2 two");
        moveTheNextThatAsks();
        assertThat(exchange("three")).isEqualTo("b 3 three");
    }

    @Test
    void whatTheApplicationDoesWhenASendHasEndedIsDoneBeforeItsStateIsAskedFor() throws Exception {
        start();
        CompletableFuture<Void> gate = new CompletableFuture<>();
        CountDownLatch attached = new CountDownLatch(1);
        CountDownLatch heard = new CountDownLatch(1);
        a.channel().eventLoop().execute(() -> awaitQuietly(attached));
        var _ = a.counter.webSocket().sendText("count", true).thenRun(() -> {
            heard.countDown();
            gate.orTimeout(15, TimeUnit.SECONDS).join();
            a.counter.count = 9;
        });
        attached.countDown();
        assertThat(client.receive().text()).isEqualTo("count");
        assertThat(heard.await(15, TimeUnit.SECONDS)).isTrue();
        drain();
        a.turnLoop();
        assertThat(migration.nobodyAsks()).isTrue();
        gate.complete(null);
        moveTheNextThatAsks();
        assertThat(exchange("two")).isEqualTo("b 10 two");
    }

    @Test
    void aListenerThatHasRequestedNothingIsWaitedFor() throws Exception {
        start();
        a.counter.appetite = new CompletableFuture<>();
        assertThat(exchange("two")).isEqualTo("a 2 two");
        a.counter.awaitAnswer();
        drain();
        a.turnLoop();
        assertThat(migration.nobodyAsks()).isTrue();
        a.counter.appetite.complete(null);
        moveTheNextThatAsks();
        assertThat(exchange("three")).isEqualTo("b 3 three");
    }

    // --- what the application hears ---

    @Test
    void whoSendsFirstAfterTheMoveHearsThatTheSessionHasLeft() throws Exception {
        start();
        WebSocket webSocket = a.counter.webSocket();
        drain();
        moveTheNextThatAsks();
        assertThat(webSocket.sendText("too late", true))
                .failsWithin(SOON)
                .withThrowableThat()
                .withCauseInstanceOf(WebSocketDrainingException.class);
        assertThat(a.codec.told).containsExactly("moved");
        assertThat(a.counter.calls).isEmpty();
    }

    @Test
    void aListenerWhoseSessionIsRefusedHearsThatItStaysAndGoesOnSending() throws Exception {
        start(
                2,
                builder -> builder.drainPolicy(WebSocketDrainPolicy.KEEP_UNTIL_DEADLINE)
                        .build());
        WebSocket webSocket = a.counter.webSocket();
        drain();
        MovableConnection asking = migration.nextAsked();
        Frozen frozen = freeze(asking);
        assertThat(webSocket.sendText("tick", true)).failsWithin(SOON);
        a.codec.staying = () -> webSocket.sendText("tick", true).join();
        migration.move(asking, frozen);
        assertThat(client.receive().text()).isEqualTo("tick");
        assertThat(exchange("two")).isEqualTo("a 2 two");
        assertThat(a.codec.told).containsExactly("stayed");
        assertThat(b.server.conversations().size()).isZero();
    }

    @Test
    void aSaveThatTakesTooLongOrFailsEndsItWith1012() throws Exception {
        startImpatient();
        CountDownLatch never = new CountDownLatch(1);
        a.codec.saving = _ -> {
            awaitQuietly(never);
            throw new AssertionError("a bug of the application");
        };
        drain();
        assertThat(migration.frozen(migration.nextAsked())).isEmpty();
        assertThat(a.counter.nextCall()).isEqualTo("stayed");
        assertClosedWith1012();
        Await.event("a's end", ended, SOON);
        never.countDown();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            assertThat(latch.await(15, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    // --- the connection, or the server, ends ---

    /** Between the freeze and the deregistration, which are two tasks of the loop, as a round of I/O would tell it. */
    private Optional<Frozen> frozenWith(MovableConnection asking, ByteBuf read, boolean reset) throws Exception {
        Channel channel = a.channel();
        CompletableFuture<Optional<Frozen>> frozen = new CompletableFuture<>();
        channel.eventLoop().execute(() -> {
            var _ = asking.freeze().thenAccept(frozen::complete);
            channel.eventLoop().execute(() -> {
                channel.pipeline().fireChannelRead(read);
                if (!reset && channel.config().getOption(ChannelOption.ALLOW_HALF_CLOSURE)) {
                    channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
                } else {
                    channel.unsafe().close(channel.voidPromise());
                }
            });
        });
        return Await.event("the freeze", frozen, SOON);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatComesWithTheEndWhileItIsBeingFrozenIsHeardHere(boolean reset) throws Exception {
        start();
        a.counter.gate = new CompletableFuture<>(); // Nobody is there to be answered.
        drain();
        MovableConnection asking = migration.nextAsked();
        ByteArrayOutputStream last = new ByteArrayOutputStream();
        last.writeBytes(FrameClient.frame(TEXT, new byte[] {'e', 'n', 'd'}));
        if (!reset) {
            last.writeBytes(FrameClient.frame(FrameClient.FIN | FrameClient.CLOSE, new byte[] {3, (byte) 0xe8}));
        }
        assertThat(frozenWith(asking, Unpooled.wrappedBuffer(last.toByteArray()), reset))
                .isEmpty();
        Await.event("a's end", ended, SOON);
        if (reset) {
            assertThat(a.counter.calls).containsExactly("end", "close 1006");
        } else {
            assertThat(a.counter.calls).containsExactly("stayed", "end", "close 1000");
        }
    }

    @Test
    void aServerThatIsClosedWhileASessionIsSavedLeavesNothing() throws Exception {
        start();
        CountDownLatch saving = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        a.codec.saving = state -> {
            saving.countDown();
            awaitQuietly(closed);
            return Optional.of(state);
        };
        drain();
        var frozen = migration.nextAsked().freeze().toCompletableFuture();
        awaitQuietly(saving);
        a.server.close();
        assertThat(client.isAtEnd()).isTrue();
        closed.countDown();
        assertThat(Await.event("the freeze", frozen, SOON)).isEmpty();
        Await.event("a's end", ended, SOON);
        assertThat(a.server.conversations().size()).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aServerThatIsClosedWhileASessionIsFrozenLeavesItToTheOtherOrClosesIt(boolean moves) throws Exception {
        start();
        WebSocket webSocket = a.counter.webSocket();
        Channel channel = a.channel();
        drain();
        MovableConnection asking = migration.nextAsked();
        Frozen frozen = freeze(asking);
        a.server.close();
        Await.event("a's end", ended, SOON);
        webSocket.abort();
        assertThat(channel.isOpen()).as("the number is still being sent").isTrue();
        if (moves) {
            migration.move(asking, frozen);
            assertThat(exchange("two")).isEqualTo("b 2 two");
        } else {
            asking.stays();
            assertThat(client.isAtEnd()).isTrue();
        }
        assertThat(channel.closeFuture().await(15, TimeUnit.SECONDS)).isTrue();
        assertThat(a.server.conversations().size()).isZero();
    }

    @Test
    void nobodyMovesAtAStop() throws Exception {
        start();
        a.server.participant().migrate(migration);
        ended = a.server.participant().drain(DrainReason.STOPPED).toCompletableFuture();
        assertThat(client.receive().closeCode()).isEqualTo(1001);
        client.sendClose(1001, "");
        Await.event("a's end", ended, SOON);
        assertThat(migration.nobodyAsks()).isTrue();
    }

    @Test
    void thoseWhoseTurnsComeAtOnceAllMove() throws Exception {
        start();
        List<FrameClient> others = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            others.add(a.open());
        }
        Await.event("a's end", a.drainTo(b), SOON);
        for (FrameClient each : others) {
            assertThat(each.send(TEXT, "hello").receive().text()).startsWith("b ");
            each.raw().close();
        }
        assertThat(exchange("two")).startsWith("b ");
    }
}
