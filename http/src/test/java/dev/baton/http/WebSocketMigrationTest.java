package dev.baton.http;

import static dev.baton.http.MovingNode.SOON;
import static dev.baton.http.MovingNode.TEXT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.MovableConnection;
import dev.baton.Participant.DrainReason;
import dev.baton.http.FrameClient.Frame;
import dev.baton.testkit.Await;
import java.io.IOException;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** WebSockets move from one {@link BatonHttpServer} to another with their sessions, or are closed with 1012. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
@SuppressWarnings("NullAway.Init") // Each test starts its servers first.
final class WebSocketMigrationTest {
    private MovingNode a;
    private MovingNode b;
    private FrameClient client;

    private void start(int version, MovingNode.Options options, String... headers) throws Exception {
        a = new MovingNode("a", version, options);
        b = new MovingNode("b");
        client = a.open(headers);
    }

    private void start() throws Exception {
        start(1, WebSocketOptions.Builder::build);
    }

    private void startWithOneMessage() throws Exception {
        start();
        assertThat(exchange("one")).isEqualTo("a 1 one");
    }

    private String exchange(String text) throws IOException {
        client.send(TEXT, text);
        return client.receive().text();
    }

    private void assertClosedWith1012() throws IOException {
        assertClosedWith1012(client);
    }

    private static void assertClosedWith1012(FrameClient client) throws IOException {
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

    @Test
    void anIdleWebSocketGoesOnInTheOtherProcessWithItsSession() throws Exception {
        start(1, WebSocketOptions.Builder::build, "Sec-WebSocket-Protocol: count\r\n");
        assertThat(exchange("one")).isEqualTo("a 1 one");
        Await.event("a's end", a.drainTo(b), SOON);
        assertThat(exchange("two")).isEqualTo("b 2 two");
        assertThat(exchange("three")).isEqualTo("b 3 three");
        assertThat(b.codec.restored.take().webSocket().getSubprotocol()).isEqualTo("count");
        assertThat(a.server.conversations().size()).isZero();
        assertThat(b.server.conversations().size()).isEqualTo(1);
    }

    @Test
    void theOtherProcessTellsItOfTheNextRestart() throws Exception {
        startWithOneMessage();
        MovingNode c = new MovingNode("c");
        Await.event("a's end", a.drainTo(b), SOON);
        assertThat(exchange("two")).isEqualTo("b 2 two");
        Await.event("b's end", b.drainTo(c), SOON);
        assertThat(exchange("three")).isEqualTo("c 3 three");
        var _ = c.server.participant().drain(DrainReason.STOPPED);
        assertThat(client.receive().closeCode()).isEqualTo(1001);
        c.server.close();
    }

    @Test
    void eachByteOfAFrameMayHaveComeBeforeTheMove() throws Exception {
        byte[] frame = FrameClient.frame(TEXT, "x".repeat(200).getBytes(UTF_8));
        for (int cut = 1; cut < frame.length; cut += cut < 12 ? 1 : 47) {
            startWithOneMessage();
            TestMigration migration = a.migrationTo(b, true);
            var ended = a.drain(migration);
            MovableConnection asking = migration.nextAsked();
            client.sendRaw(Arrays.copyOfRange(frame, 0, cut));
            migration.move(asking, migration.frozen(asking).orElseThrow());
            Await.event("a's end", ended, SOON);
            client.sendRaw(Arrays.copyOfRange(frame, cut, frame.length));
            assertThat(client.receive().text()).as("cut at %d", cut).isEqualTo("b 2 " + "x".repeat(200));
            stop();
        }
    }

    @Test
    void oneInTheMiddleOfAMessageMovesBehindIt() throws Exception {
        startWithOneMessage();
        client.send(FrameClient.TEXT, "two ");
        assertThat(client.receive().text()).isEqualTo("a 1 two ");
        TestMigration migration = a.migrationTo(b, false);
        var ended = a.drain(migration);
        client.send(FrameClient.FIN | FrameClient.CONTINUATION, "end");
        assertThat(client.receive().text()).isEqualTo("a 2 end");
        Await.event("a's end", ended, SOON);
        assertThat(exchange("three")).isEqualTo("b 3 three");
    }

    @Test
    void oneWhoseListenerIsNotDoneMovesWhenItIs() throws Exception {
        startWithOneMessage();
        a.counter.awaitAnswer();
        CompletableFuture<Void> gate = new CompletableFuture<>();
        assertThat(a.counter.calls.take()).isEqualTo("one");
        a.counter.gate = gate;
        WebSocket webSocket = a.counter.webSocket();
        client.send(TEXT, "two");
        assertThat(a.counter.calls.poll(15, TimeUnit.SECONDS)).isEqualTo("two");
        TestMigration migration = a.migrationTo(b, true);
        var ended = a.drain(migration);
        webSocket.sendText("still here", true).get(15, TimeUnit.SECONDS);
        assertThat(client.receive().text()).isEqualTo("still here");
        gate.complete(null);
        assertThat(client.receive().text()).isEqualTo("a 2 two");
        MovableConnection asking = migration.nextAsked();
        migration.move(asking, migration.frozen(asking).orElseThrow());
        Await.event("a's end", ended, SOON);
        assertThat(exchange("three")).isEqualTo("b 3 three");
    }

    @Test
    void aMessageThatIsBeingSentIsFinishedBeforeTheMove() throws Exception {
        startWithOneMessage();
        a.counter.awaitAnswer();
        WebSocket webSocket = a.counter.webSocket();
        webSocket.sendText("begin ", false).get(15, TimeUnit.SECONDS);
        var ended = a.drainTo(b);
        webSocket.sendText("end", true).get(15, TimeUnit.SECONDS);
        Await.event("a's end", ended, SOON);
        assertThat(client.receive().text()).isEqualTo("begin ");
        assertThat(client.receive().text()).isEqualTo("end");
        assertThat(exchange("two")).isEqualTo("b 2 two");
    }

    @Test
    void aFrozenOneSendsNothing() throws Exception {
        startWithOneMessage();
        a.counter.awaitAnswer();
        WebSocket webSocket = a.counter.webSocket();
        TestMigration migration = a.migrationTo(b, true);
        var ended = a.drain(migration);
        MovableConnection asking = migration.nextAsked();
        MovableConnection.Frozen frozen = migration.frozen(asking).orElseThrow();
        assertThat(webSocket.sendText("lost?", true))
                .failsWithin(SOON)
                .withThrowableThat()
                .withCauseInstanceOf(WebSocketDrainingException.class);
        assertThat(webSocket.sendClose(1000, ""))
                .failsWithin(SOON)
                .withThrowableThat()
                .withCauseInstanceOf(WebSocketDrainingException.class);
        migration.move(asking, frozen);
        Await.event("a's end", ended, SOON);
        assertThat(exchange("two")).isEqualTo("b 2 two");
    }

    @Test
    void oneThatWasFrozenGoesOnAfterAnUndoAndMovesInTheNextDrain() throws Exception {
        startWithOneMessage();
        TestMigration migration = a.migrationTo(b, true);
        var _ = a.drain(migration);
        MovableConnection asking = migration.nextAsked();
        assertThat(migration.frozen(asking)).isPresent();
        client.send(TEXT, "two");
        a.undo();
        asking.stays();
        assertThat(client.receive().text()).isEqualTo("a 2 two");
        assertThat(exchange("three")).isEqualTo("a 3 three");
        Await.event("a's end", a.drainTo(b), SOON);
        assertThat(exchange("four")).isEqualTo("b 4 four");
    }

    @Test
    void oneOfAVersionThatIsNotUnderstoodIsClosed() throws Exception {
        start(2, WebSocketOptions.Builder::build);
        var ended = a.drainTo(b);
        assertClosedWith1012();
        Await.event("a's end", ended, SOON);
        assertThat(b.server.conversations().size()).isZero();
    }

    @Test
    void oneThatTheApplicationKeepsIsClosed() throws Exception {
        startWithOneMessage();
        a.codec.saving = _ -> Optional.empty();
        var ended = a.drainTo(b);
        assertClosedWith1012();
        Await.event("a's end", ended, SOON);
    }

    @Test
    void thoseWithoutAMigrationOrWithCompressionAreClosedAndTheOthersMove() throws Exception {
        start(1, builder -> builder.compression(true).build());
        FrameClient plain = FrameClient.openAt(
                "/plain", RawClient.connect(a.server.addresses().getFirst()));
        FrameClient compressed = a.open("Sec-WebSocket-Extensions: permessage-deflate\r\n");
        var ended = a.drainTo(b);
        for (FrameClient each : List.of(plain, compressed)) {
            assertClosedWith1012(each);
            each.raw().close();
        }
        Await.event("a's end", ended, SOON);
        assertThat(exchange("one")).isEqualTo("b 1 one");
    }

    @Test
    void oneThatDoesNotComeToRestIsClosedWhenItsTimeIsOver() throws Exception {
        start(1, builder -> builder.closeTimeout(Duration.ofMillis(300)).build());
        a.counter.gate = new CompletableFuture<>();
        client.send(TEXT, "two");
        assertThat(a.counter.calls.poll(15, TimeUnit.SECONDS)).isEqualTo("two");
        var ended = a.drainTo(b);
        assertClosedWith1012();
        Await.event("a's end", ended, SOON);
    }
}
