package dev.baton.http;

import static dev.baton.http.FrameClient.BINARY;
import static dev.baton.http.FrameClient.CLOSE;
import static dev.baton.http.FrameClient.CONTINUATION;
import static dev.baton.http.FrameClient.FIN;
import static dev.baton.http.FrameClient.TEXT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.drain.DrainOptions;
import dev.baton.drain.DrainReason;
import dev.baton.http.FrameClient.Frame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The contract of the JDK's interfaces, and what a drain does. */
class WebSocketTest extends WebSocketServerTest {
    private final WebSocketTestListener listener = new WebSocketTestListener();

    private static void assertFails(CompletableFuture<WebSocket> send, Class<? extends Exception> type) {
        ThrowingCallable join = send::join;
        assertThatThrownBy(join).isInstanceOf(CompletionException.class).hasCauseInstanceOf(type);
    }

    private FrameClient openPlain() throws Exception {
        serve(WebSocketOptions.defaults(), listener);
        FrameClient client = open();
        assertThat(listener.next()).isEqualTo("open");
        return client;
    }

    @Test
    void theJdksClientAndTheServerTalkAndClose() throws Exception {
        serve(WebSocketOptions.builder().subprotocols("echo").build(), new WebSocketTestListener() {
            @Override
            public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
                return webSocket.sendText(data, last);
            }

            @Override
            public CompletionStage<?> onBinary(WebSocket webSocket, ByteBuffer data, boolean last) {
                return webSocket.sendBinary(data, last);
            }
        });
        try (HttpClient http = HttpClient.newHttpClient()) {
            int port = ((InetSocketAddress) address()).getPort();
            WebSocket client = http.newWebSocketBuilder()
                    .subprotocols("echo")
                    .buildAsync(URI.create("ws://127.0.0.1:" + port + "/"), listener)
                    .get(10, TimeUnit.SECONDS);
            assertThat(client.getSubprotocol()).isEqualTo("echo");
            assertThat(listener.next()).isEqualTo("open");
            client.sendText("grüße", true).join();
            assertThat(listener.next()).isEqualTo("text grüße");
            client.sendBinary(ByteBuffer.wrap(new byte[] {'x'}), true).join();
            assertThat(listener.next()).isEqualTo("binary x");
            client.sendPing(ByteBuffer.wrap(new byte[] {'p'})).join();
            assertThat(listener.next()).isEqualTo("pong p");
            client.sendClose(1000, "bye").join();
            assertThat(listener.next()).isEqualTo("close 1000 ");
        }
    }

    @Test
    void onlyOneSendAtATimeIsTaken() throws Exception {
        serve(WebSocketOptions.defaults(), listener);
        FrameClient.open(connectWithSmallReceiveBuffer());
        WebSocket server = accepted();
        CompletableFuture<WebSocket> pending = server.sendBinary(ByteBuffer.allocate(32 << 20), true);
        assertFails(server.sendText("second", true), IllegalStateException.class);
        assertThat(pending).as("nobody reads").isNotDone();
        server.abort();
        assertFails(pending, IOException.class);
        assertThat(server.isOutputClosed()).isTrue();
        assertThat(server.isInputClosed()).isTrue();
    }

    @Test
    void aMessageOfOneKindIsNotContinuedWithTheOther() throws Exception {
        FrameClient client = openPlain();
        WebSocket server = accepted();
        server.sendText("a", false).join();
        assertFails(server.sendBinary(ByteBuffer.allocate(1), true), IllegalStateException.class);
        server.sendText("b", true).join();
        assertThat(client.receive().text()).isEqualTo("a");
        assertThat(client.receive().text()).isEqualTo("b");
    }

    @Test
    void misuseIsRefusedAndChangesNothing() throws Exception {
        FrameClient client = openPlain();
        WebSocket server = accepted();
        assertFails(server.sendPing(ByteBuffer.allocate(126)), IllegalArgumentException.class);
        assertFails(server.sendClose(1005, ""), IllegalArgumentException.class);
        assertFails(server.sendClose(1000, "x".repeat(124)), IllegalArgumentException.class);
        assertFails(server.sendText("\ud800", true), IOException.class);
        assertThatThrownBy(() -> server.request(0)).isInstanceOf(IllegalArgumentException.class);
        ByteBuffer data = ByteBuffer.wrap(new byte[] {1, 2});
        server.sendBinary(data, true).join();
        assertThat(data.remaining()).isZero();
        assertThat(client.receive().payload()).containsExactly(1, 2);
        server.sendClose(1013, "later").join();
        assertFails(server.sendText("x", true), IOException.class);
        assertFails(server.sendClose(1000, ""), IOException.class);
        assertThat(client.receive().closeCode()).isEqualTo(1013);
    }

    @Test
    void theOutputStaysOpenUntilTheListenersStageIsComplete() throws Exception {
        CompletableFuture<Void> later = new CompletableFuture<>();
        serve(WebSocketOptions.defaults(), new WebSocketTestListener() {
            @Override
            public CompletionStage<?> onClose(WebSocket webSocket, int statusCode, String reason) {
                listener.onClose(webSocket, statusCode, reason);
                return later;
            }
        });
        FrameClient client = open();
        client.sendClose(1000, "");
        assertThat(listener.next()).startsWith("close");
        accepted().sendText("still open", true).join();
        later.complete(null);
        assertThat(client.receive().text()).isEqualTo("still open");
        assertThat(client.receive().closeCode()).isEqualTo(1000);
    }

    @Test
    void aListenerThatNeverAnswersACloseIsBounded() throws Exception {
        WebSocketTestListener requestsNothing = new WebSocketTestListener(1) {
            @Override
            public CompletionStage<?> onClose(WebSocket webSocket, int statusCode, String reason) {
                return new CompletableFuture<>();
            }
        };
        serve(WebSocketOptions.builder().closeTimeout(Duration.ofMillis(200)).build(), requestsNothing);
        FrameClient client = open();
        client.sendClose(1000, "");
        assertThat(client.receive().closeCode()).isEqualTo(1000);
        assertThat(client.isAtEnd()).isTrue();
    }

    @Test
    void aListenerThatFailsEndsTheWebSocketWith1011() throws Exception {
        WebSocketTestListener failing = new WebSocketTestListener() {
            @Override
            public @Nullable CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
                throw new IllegalStateException("a bug");
            }
        };
        serve(WebSocketOptions.defaults(), failing);
        FrameClient client = open();
        client.send(FIN | TEXT, "x");
        assertThat(client.receive().closeCode()).isEqualTo(1011);
        assertThat(failing.next()).isEqualTo("open");
        assertThat(failing.next()).isEqualTo("error IllegalStateException");
    }

    // --- drain ---

    @ParameterizedTest
    @CsvSource({"SUCCEEDED, 1012", "STOPPED, 1001"})
    void aDrainClosesItWithTheCodeOfItsReasonAndWaitsForTheClient(DrainReason reason, int code) throws Exception {
        BatonHttpServer server = serve(WebSocketOptions.defaults(), listener);
        FrameClient client = open();
        assertThat(listener.next()).isEqualTo("open");
        var drained = server.conversations().drain(reason);
        Frame close = client.receive();
        assertThat(close.opcode()).isEqualTo(CLOSE);
        assertThat(close.closeCode()).isEqualTo(code);
        assertThat(drained).isNotDone();
        client.send(FIN | TEXT, "sent before the Close was read").sendClose(code, "");
        assertThat(client.isAtEnd()).isTrue();
        drained.get(10, TimeUnit.SECONDS);
        assertThat(listener.next()).isEqualTo("text sent before the Close was read");
        assertThat(listener.next()).isEqualTo("close " + code + " ");
    }

    @Test
    void aDrainLetsTheMessageThatIsBeingSentBeFinishedAndRefusesTheNext() throws Exception {
        BatonHttpServer server = serve(WebSocketOptions.defaults(), listener);
        FrameClient client = open();
        WebSocket webSocket = accepted();
        webSocket.sendBinary(ByteBuffer.wrap(new byte[] {1}), false).join();
        var drained = server.conversations().drain(DrainReason.SUCCEEDED);
        webSocket.sendBinary(ByteBuffer.wrap(new byte[] {2}), false).join();
        webSocket.sendBinary(ByteBuffer.wrap(new byte[] {3}), true).join();
        assertFails(webSocket.sendText("next", true), IOException.class);
        assertThat(client.receive().first()).isEqualTo(BINARY);
        assertThat(client.receive().first()).isEqualTo(CONTINUATION);
        assertThat(client.receive().first()).isEqualTo(FIN | CONTINUATION);
        assertThat(client.receive().closeCode()).isEqualTo(1012);
        client.sendClose(1012, "");
        drained.get(10, TimeUnit.SECONDS);
    }

    @Test
    void aMessageThatWouldBeginDuringADrainFailsWithItsOwnTypeAndWithoutACutOfTheOpenOne() throws Exception {
        WebSocketSender sender = new WebSocketSender(new WebSocketSender.Wire() {
            @Override
            public void send(WebSocketFrame frame, CompletableFuture<Void> sent) {
                sent.complete(null);
            }

            @Override
            public void close(int code, String reason, CompletableFuture<Void> sent) {
                listener.events.add("close " + code);
            }
        });
        sender.text("a", false).join();
        sender.drain(DrainReason.SUCCEEDED);
        assertThat(listener.events).isEmpty();
        sender.resume();
        sender.text("b", true).join();
        sender.text("another, after the undo", true).join();
        assertThat(listener.events).isEmpty();
        sender.drain(DrainReason.STOPPED);
        assertThat(listener.events).containsExactly("close 1001");
        assertThatThrownBy(() -> sender.text("c", true).get()).hasCauseInstanceOf(IOException.class);
    }

    @Test
    void anUndoneDrainLeavesTheWebSocketOpenWhoseTurnHadNotCome() throws Exception {
        BatonHttpServer server = serve(WebSocketOptions.defaults(), listener);
        FrameClient first = open();
        accepted();
        FrameClient second = open();
        WebSocket webSocket = accepted();
        var _ = server.conversations().drain(DrainReason.SUCCEEDED);
        assertThat(first.receive().closeCode()).isEqualTo(1012);
        server.conversations().resume();
        webSocket.sendText("lives on", true).join();
        assertThat(second.receive().text()).isEqualTo("lives on");
    }

    @Test
    void oneThatIsKeptGetsItsCloseAtTheDeadline() throws Exception {
        BatonHttpServer server = serve(
                WebSocketOptions.builder()
                        .drainPolicy(WebSocketDrainPolicy.KEEP_UNTIL_DEADLINE)
                        .build(),
                listener);
        FrameClient client = open();
        WebSocket webSocket = accepted();
        var drained = server.conversations().drain(DrainReason.SUCCEEDED);
        webSocket.sendText("kept", true).join();
        assertThat(client.receive().text()).isEqualTo("kept");
        assertThat(drained).isNotDone();
        assertThat(server.conversations().close()).isEqualTo(1);
        assertThat(client.receive().closeCode()).isEqualTo(1012);
        assertThat(client.isAtEnd()).isTrue();
        drained.get(10, TimeUnit.SECONDS);
    }

    @Test
    void aClientThatNeverAnswersTheCloseOfADrainIsBounded() throws Exception {
        BatonHttpServer server = serve(
                WebSocketOptions.builder().closeTimeout(Duration.ofMillis(200)).build(), listener);
        FrameClient client = open();
        accepted();
        server.conversations().drain(DrainReason.STOPPED).get(10, TimeUnit.SECONDS);
        assertThat(client.receive().closeCode()).isEqualTo(1001);
        assertThat(client.isAtEnd()).isTrue();
    }

    @Test
    void aListenerThatRequestsNothingDoesNotHoldTheDrain() throws Exception {
        WebSocketTestListener idle = new WebSocketTestListener(0);
        BatonHttpServer server = serve(WebSocketOptions.defaults(), idle);
        FrameClient client = open();
        WebSocket webSocket = accepted();
        client.send(FIN | TEXT, "unrequested");
        var drained = server.conversations().drain(DrainReason.SUCCEEDED);
        assertThat(client.receive().closeCode()).isEqualTo(1012);
        client.sendClose(1012, "");
        drained.get(4, TimeUnit.SECONDS);
        webSocket.request(2);
        assertThat(List.of(idle.next(), idle.next(), idle.next()))
                .containsExactly("open", "text unrequested", "close 1012 ");
    }

    @Test
    void manyAreClosedOverTheWindow() throws Exception {
        BatonHttpServer server = BatonHttpServer.create(
                HttpServerOptions.defaults(),
                DrainOptions.builder().closeSpread(Duration.ofSeconds(1)).build());
        server.createContext(
                "/",
                exchange -> WebSockets.upgrade(exchange, WebSocketOptions.defaults(), new WebSocketTestListener()));
        start(server, Transport.TCP);
        List<FrameClient> clients = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            clients.add(open());
        }
        long begun = System.nanoTime();
        var drained = server.conversations().drain(DrainReason.SUCCEEDED);
        List<Long> millis = new ArrayList<>();
        for (FrameClient client : clients) {
            assertThat(client.receive().closeCode()).isEqualTo(1012);
            millis.add((System.nanoTime() - begun) / 1_000_000);
            client.sendClose(1012, "");
        }
        drained.get(10, TimeUnit.SECONDS);
        assertThat(millis.getLast()).as("%s", millis).isGreaterThanOrEqualTo(950);
        assertThat(millis.get(10)).as("%s", millis).isGreaterThanOrEqualTo(500);
    }
}
