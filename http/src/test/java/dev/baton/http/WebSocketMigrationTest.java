package dev.baton.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.ListenAddress;
import dev.baton.MovableConnection;
import dev.baton.Participant.DrainReason;
import dev.baton.drain.DrainOptions;
import dev.baton.http.FrameClient.Frame;
import dev.baton.testkit.Await;
import java.io.IOException;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
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
    private static final Duration SOON = Duration.ofSeconds(15);
    private static final int TEXT = FrameClient.FIN | FrameClient.TEXT;

    /** Counts what it is sent, over all processes, and answers with where it is, the count and the text. */
    private static final class Counter implements WebSocket.Listener {
        private final String home;
        private int count;
        private final BlockingQueue<WebSocket> opened = new LinkedBlockingQueue<>();
        private final BlockingQueue<String> calls = new LinkedBlockingQueue<>();

        /** Completed by hand in the test that wants to. */
        private CompletableFuture<Void> gate = CompletableFuture.completedFuture(null);

        private volatile CompletableFuture<Void> answered = gate;

        Counter(String home, int count) {
            this.home = home;
            this.count = count;
        }

        @Override
        public void onOpen(WebSocket webSocket) {
            opened.add(webSocket);
            webSocket.request(1);
        }

        @Override
        public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
            calls.add(data.toString());
            if (last) {
                count++;
            }
            String answer = home + " " + count + " " + data;
            answered = gate.thenCompose(_ -> webSocket.sendText(answer, true)).thenRun(() -> webSocket.request(1));
            return answered;
        }

        WebSocket webSocket() throws InterruptedException {
            WebSocket webSocket = opened.poll(15, TimeUnit.SECONDS);
            assertThat(webSocket).as("an open WebSocket").isNotNull();
            return webSocket;
        }
    }

    /** The count as text. Knows version 1, and whatever else it is told to know. */
    private static final class Codec implements WebSocketMigration {
        private final String home;
        private final int version;
        private final BlockingQueue<Counter> restored = new LinkedBlockingQueue<>();
        private boolean keeps;

        Codec(String home, int version) {
            this.home = home;
            this.version = version;
        }

        @Override
        public String name() {
            return "counter";
        }

        @Override
        public int version() {
            return version;
        }

        @Override
        public Optional<byte[]> save(WebSocket.Listener listener) {
            return keeps
                    ? Optional.empty()
                    : Optional.of(String.valueOf(((Counter) listener).count).getBytes(UTF_8));
        }

        @Override
        public Optional<WebSocket.Listener> restore(int from, byte[] state) {
            if (from != 1) {
                return Optional.empty();
            }
            return Optional.of(new Counter(home, Integer.parseInt(new String(state, UTF_8))));
        }

        @Override
        public void resumed(WebSocket webSocket, WebSocket.Listener listener) {
            Counter counter = (Counter) listener;
            counter.opened.add(webSocket);
            restored.add(counter);
        }
    }

    private static final class Node {
        private final BatonHttpServer server;
        private final ListenAddress address = ListenAddress.parse("127.0.0.1:0");
        private final Codec codec;
        private final Counter counter;

        Node(String name, int version, Options set) throws IOException {
            codec = new Codec(name, version);
            counter = new Counter(name, 0);
            WebSocketOptions.Builder builder = WebSocketOptions.builder()
                    .subprotocols("count")
                    .closeTimeout(Duration.ofSeconds(10))
                    .migration(codec);
            WebSocketOptions options = set.to(builder);
            server = BatonHttpServer.create(
                    HttpServerOptions.defaults(),
                    DrainOptions.builder().closeSpread(Duration.ZERO).build());
            server.listen(address);
            server.createContext("/", exchange -> WebSockets.upgrade(exchange, options, counter));
            if (options.migration().isPresent()) {
                server.adoptWebSockets(options);
            }
            server.start();
        }

        FrameClient open(String... headers) throws IOException {
            return FrameClient.open(RawClient.connect(server.addresses().getFirst()), headers);
        }

        TestMigration migrationTo(Node target, boolean byHand) {
            return new TestMigration(target.server.participant(), target.address, byHand);
        }

        CompletableFuture<Void> drainTo(Node target) {
            return drain(migrationTo(target, false));
        }

        CompletableFuture<Void> drain(TestMigration migration) {
            server.participant().migrate(migration);
            return server.participant().drain(DrainReason.SUCCEEDED).toCompletableFuture();
        }

        void undo() throws Exception {
            Await.event("resume", server.participant().resume().toCompletableFuture(), SOON);
        }
    }

    @FunctionalInterface
    private interface Options {
        WebSocketOptions to(WebSocketOptions.Builder builder);
    }

    private Node a;
    private Node b;
    private FrameClient client;

    private void start(int version, Options options, String... headers) throws Exception {
        a = new Node("a", version, options);
        b = new Node("b", 1, WebSocketOptions.Builder::build);
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
        Node c = new Node("c", 1, WebSocketOptions.Builder::build);
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
        a.counter.answered.get(15, TimeUnit.SECONDS);
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
        a.counter.answered.get(15, TimeUnit.SECONDS);
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
        a.counter.answered.get(15, TimeUnit.SECONDS);
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
    void oneWithoutAMigrationIsClosed() throws Exception {
        start(1, _ -> WebSocketOptions.defaults());
        var ended = a.drainTo(b);
        assertClosedWith1012();
        Await.event("a's end", ended, SOON);
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
        a.codec.keeps = true;
        var ended = a.drainTo(b);
        assertClosedWith1012();
        Await.event("a's end", ended, SOON);
    }

    @Test
    void oneThatCompressesIsClosed() throws Exception {
        start(1, builder -> builder.compression(true).build(), "Sec-WebSocket-Extensions: permessage-deflate\r\n");
        a.counter.webSocket();
        var ended = a.drainTo(b);
        assertClosedWith1012();
        Await.event("a's end", ended, SOON);
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
