package dev.baton.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Writes down its calls, on the server or in the client. */
class WebSocketTestListener implements WebSocket.Listener {
    final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    private final long initialDemand;

    WebSocketTestListener() {
        this(Long.MAX_VALUE);
    }

    WebSocketTestListener(long initialDemand) {
        this.initialDemand = initialDemand;
    }

    String next() throws InterruptedException {
        String event = next(Duration.ofSeconds(10));
        if (event == null) {
            throw new AssertionError("nothing has come");
        }
        return event;
    }

    @Nullable
    String next(Duration within) throws InterruptedException {
        return events.poll(within.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void onOpen(WebSocket webSocket) {
        events.add("open");
        if (initialDemand > 0) {
            webSocket.request(initialDemand);
        }
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
        events.add((last ? "text " : "part ") + data);
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket webSocket, ByteBuffer data, boolean last) {
        events.add((last ? "binary " : "binary part ") + ISO_8859_1.decode(data));
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onPing(WebSocket webSocket, ByteBuffer message) {
        events.add("ping " + ISO_8859_1.decode(message));
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onPong(WebSocket webSocket, ByteBuffer message) {
        events.add("pong " + ISO_8859_1.decode(message));
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket webSocket, int statusCode, String reason) {
        events.add("close " + statusCode + " " + reason);
        return null;
    }

    @Override
    public void onError(WebSocket webSocket, Throwable error) {
        events.add("error " + error.getClass().getSimpleName());
    }
}
