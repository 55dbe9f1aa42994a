package dev.baton.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.ListenAddress;
import dev.baton.Participant.DrainReason;
import dev.baton.drain.DrainOptions;
import dev.baton.testkit.Await;
import io.netty.channel.Channel;
import java.io.IOException;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A server whose WebSockets move to another of its kind: at {@code /}, and at {@code /plain} such as do not. */
final class MovingNode {
    static final Duration SOON = Duration.ofSeconds(15);
    static final int TEXT = FrameClient.FIN | FrameClient.TEXT;

    /** Counts what it is sent, over all nodes, and answers with where it is, the count and the text. */
    static final class Counter implements WebSocket.Listener {
        private final String home;
        int count;
        private final BlockingQueue<WebSocket> opened = new LinkedBlockingQueue<>();
        final BlockingQueue<String> calls = new LinkedBlockingQueue<>();

        /** Completed by hand in the test that wants to. */
        CompletableFuture<Void> gate = CompletableFuture.completedFuture(null);

        /** Requests no more before this is complete. */
        CompletableFuture<Void> appetite = CompletableFuture.completedFuture(null);

        private final BlockingQueue<CompletableFuture<?>> answers = new LinkedBlockingQueue<>();

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
            var _ = appetite.thenRun(() -> webSocket.request(1));
            CompletableFuture<?> answered = gate.thenCompose(_ -> webSocket.sendText(answer, true));
            answers.add(answered);
            return answered;
        }

        @Override
        public @Nullable CompletionStage<?> onPing(WebSocket webSocket, ByteBuffer message) {
            calls.add("ping");
            webSocket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket webSocket, int statusCode, String reason) {
            calls.add("close " + statusCode);
            return null;
        }

        WebSocket webSocket() throws InterruptedException {
            WebSocket webSocket = opened.poll(15, TimeUnit.SECONDS);
            assertThat(webSocket).as("an open WebSocket").isNotNull();
            return webSocket;
        }

        /** The next answer is sent, and its future complete. */
        void awaitAnswer() throws Exception {
            CompletableFuture<?> answer = answers.poll(15, TimeUnit.SECONDS);
            assertThat(answer).as("an answer").isNotNull();
            answer.get(15, TimeUnit.SECONDS);
        }

        @Nullable
        String nextCall() throws InterruptedException {
            return calls.poll(15, TimeUnit.SECONDS);
        }
    }

    /** The count as text. Knows version 1. */
    static final class Codec implements WebSocketMigration {
        private final String home;
        private final int version;
        final BlockingQueue<Counter> restored = new LinkedBlockingQueue<>();
        final BlockingQueue<String> told = new LinkedBlockingQueue<>();

        /** What is done with the state before it is given. */
        volatile Function<byte[], Optional<byte[]>> saving = Optional::of;

        /** What is done when a session has stayed. */
        volatile Runnable staying = () -> {};

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
            return saving.apply(String.valueOf(((Counter) listener).count).getBytes(UTF_8));
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

        @Override
        public void stayed(WebSocket webSocket, WebSocket.Listener listener) {
            told.add("stayed");
            ((Counter) listener).calls.add("stayed");
            staying.run();
        }

        @Override
        public void moved(WebSocket webSocket, WebSocket.Listener listener) {
            told.add("moved");
        }
    }

    @FunctionalInterface
    interface Options {
        WebSocketOptions to(WebSocketOptions.Builder builder);
    }

    final BatonHttpServer server;
    private final ListenAddress address = ListenAddress.parse("127.0.0.1:0");
    final Codec codec;
    final Counter counter;
    private final BlockingQueue<Channel> channels = new LinkedBlockingQueue<>();

    MovingNode(String name, int version, Options set) throws IOException {
        codec = new Codec(name, version);
        counter = new Counter(name, 0);
        WebSocketOptions options = set.to(WebSocketOptions.builder()
                .subprotocols("count")
                .closeTimeout(Duration.ofSeconds(10))
                .migration(codec));
        server = BatonHttpServer.create(
                HttpServerOptions.defaults(),
                DrainOptions.builder().closeSpread(Duration.ZERO).build());
        server.listen(address);
        server.createContext("/", exchange -> {
            channels.add(HijackableExchange.of(exchange).channel());
            WebSockets.upgrade(exchange, options, counter);
        });
        server.createContext(
                "/plain", exchange -> WebSockets.upgrade(exchange, WebSocketOptions.defaults(), new Counter(name, 0)));
        server.adoptWebSockets(options);
        server.start();
    }

    MovingNode(String name) throws IOException {
        this(name, 1, WebSocketOptions.Builder::build);
    }

    FrameClient open(String... headers) throws IOException {
        return FrameClient.open(RawClient.connect(server.addresses().getFirst()), headers);
    }

    /** Of the last WebSocket that has begun here. */
    Channel channel() throws InterruptedException {
        Channel channel = channels.poll(15, TimeUnit.SECONDS);
        assertThat(channel).as("the channel of a WebSocket").isNotNull();
        channels.add(channel);
        return channel;
    }

    /** All that its loop was given to do before has been done. */
    void turnLoop() throws Exception {
        channel().eventLoop().submit(() -> {}).get(15, TimeUnit.SECONDS);
    }

    TestMigration migrationTo(MovingNode target, boolean byHand) {
        return new TestMigration(target.server.participant(), target.address, byHand);
    }

    CompletableFuture<Void> drainTo(MovingNode target) {
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
