package dev.baton.http;

import dev.baton.drain.DrainReason;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The output of a WebSocket: which message is being sent, and when the Close may go out.
 *
 * <pre>
 *   BETWEEN --not last--> MESSAGE --last--> BETWEEN        any --Close--> CLOSED
 * </pre>
 *
 * <p><b>Send versus drain.</b> A send and a drain hold the same lock, and hand their frames to the event loop under it. So
 * either a message begins first, and the Close follows its last frame; or the drain is first, and the message is refused.
 * No frame follows a Close, and no message is cut by one of a drain.
 */
final class WebSocketSender {
    static final int MAX_CONTROL = 125;

    /**
     * What puts frames on the wire, in the order of the calls; called under the lock, so it hands them to the event loop.
     * When it has completed a future, and what the application does then has returned, it calls {@link #told()}.
     */
    interface Wire {
        void send(WebSocketFrame frame, CompletableFuture<Void> sent);

        void close(int code, String reason, CompletableFuture<Void> sent);
    }

    private enum Kind {
        TEXT,
        BINARY
    }

    private final Wire wire;

    // Guarded by this.
    private @Nullable Kind message;
    private boolean dataPending;
    private boolean controlPending;
    /** Of how many sends the application has not heard, or is hearing, that they have ended. */
    private int untold;

    private boolean closed;
    private @Nullable DrainReason draining;
    /** The connection is being moved: nothing begins. */
    private boolean held;

    WebSocketSender(Wire wire) {
        this.wire = wire;
    }

    CompletableFuture<Void> text(CharSequence data, boolean last) {
        ByteBuf bytes;
        try {
            bytes = Unpooled.wrappedBuffer(StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(data)));
        } catch (CharacterCodingException e) {
            return CompletableFuture.failedFuture(new IOException("the text is no well-formed UTF-16", e));
        }
        return data(Kind.TEXT, bytes, last);
    }

    CompletableFuture<Void> binary(ByteBuffer data, boolean last) {
        return data(Kind.BINARY, Unpooled.wrappedBuffer(data.duplicate()), last)
                .thenRun(() -> data.position(data.limit()));
    }

    private synchronized CompletableFuture<Void> data(Kind kind, ByteBuf bytes, boolean last) {
        Exception refusal = refusal(kind);
        if (refusal != null) {
            return CompletableFuture.failedFuture(refusal);
        }
        WebSocketFrame frame = frame(kind, bytes, last);
        dataPending = true;
        message = last ? null : kind;
        CompletableFuture<Void> sent = new CompletableFuture<>();
        untold++;
        wire.send(frame, sent);
        if (last && draining != null) {
            closeFor(draining);
        }
        return sent.whenComplete((_, _) -> dataSent());
    }

    private @Nullable Exception refusal(Kind kind) {
        if (closed) {
            return new IOException("the output is closed");
        }
        if (held) {
            return new WebSocketDrainingException(DrainReason.SUCCEEDED);
        }
        if (dataPending) {
            return new IllegalStateException("a send is pending; wait for its future");
        }
        if (message != null && message != kind) {
            return new IllegalStateException("a message of the other kind is not complete");
        }
        return message == null && draining != null ? new WebSocketDrainingException(draining) : null;
    }

    private WebSocketFrame frame(Kind kind, ByteBuf bytes, boolean last) {
        if (message != null) {
            return new ContinuationWebSocketFrame(last, 0, bytes);
        }
        return switch (kind) {
            case TEXT -> new TextWebSocketFrame(last, 0, bytes);
            case BINARY -> new BinaryWebSocketFrame(last, 0, bytes);
        };
    }

    private synchronized void dataSent() {
        dataPending = false;
    }

    CompletableFuture<Void> ping(ByteBuffer data) {
        return control(data, true);
    }

    CompletableFuture<Void> pong(ByteBuffer data) {
        return control(data, false);
    }

    private synchronized CompletableFuture<Void> control(ByteBuffer data, boolean ping) {
        if (data.remaining() > MAX_CONTROL) {
            return CompletableFuture.failedFuture(
                    new IllegalArgumentException("a control message has at most 125 bytes: " + data.remaining()));
        }
        if (closed) {
            return CompletableFuture.failedFuture(new IOException("the output is closed"));
        }
        if (held) {
            return CompletableFuture.failedFuture(new WebSocketDrainingException(DrainReason.SUCCEEDED));
        }
        if (controlPending) {
            return CompletableFuture.failedFuture(
                    new IllegalStateException("a ping or pong is pending; wait for its future"));
        }
        controlPending = true;
        ByteBuf bytes = Unpooled.copiedBuffer(data);
        data.position(data.limit());
        CompletableFuture<Void> sent = new CompletableFuture<>();
        untold++;
        wire.send(ping ? new PingWebSocketFrame(bytes) : new PongWebSocketFrame(bytes), sent);
        return sent.whenComplete((_, _) -> controlSent());
    }

    private synchronized void controlSent() {
        controlPending = false;
    }

    /** As {@link #close}, but refused while the connection is being moved: the session's state does not know of it. */
    synchronized CompletableFuture<Void> closeUnlessHeld(int code, String reason) {
        return held && !closed
                ? CompletableFuture.failedFuture(new WebSocketDrainingException(DrainReason.SUCCEEDED))
                : close(code, reason);
    }

    /**
     * Between two messages, with nothing on its way: also not to the application, which may count a message as sent only when
     * it hears that it was.
     */
    synchronized boolean isAtRest() {
        return !closed && message == null && untold == 0;
    }

    synchronized void told() {
        untold--;
    }

    /** Nothing begins until {@link #letGo()}; false if something has. */
    synchronized boolean hold() {
        held = isAtRest();
        return held;
    }

    synchronized void letGo() {
        held = false;
    }

    synchronized CompletableFuture<Void> close(int code, String reason) {
        CompletableFuture<Void> sent = new CompletableFuture<>();
        if (!closeOutput(code, reason, sent)) {
            sent.completeExceptionally(new IOException("the output is closed"));
        }
        return sent;
    }

    /** Closes it if it is open; false if it was not. */
    private synchronized boolean closeOutput(int code, String reason, CompletableFuture<Void> sent) {
        if (closed) {
            return false;
        }
        closed = true;
        untold++;
        wire.close(code, reason, sent);
        return true;
    }

    /** Closes the output, behind the message that is being sent if there is one. */
    synchronized void drain(DrainReason reason) {
        draining = reason;
        if (message == null) {
            closeFor(reason);
        }
    }

    private void closeFor(DrainReason reason) {
        var _ = closeOutput(
                CloseCode.of(reason),
                reason == DrainReason.STOPPED ? "the server stops" : "the server restarts",
                new CompletableFuture<>());
    }

    /** The drain was undone; a Close that was sent stays sent. */
    synchronized void resume() {
        draining = null;
    }

    /** Nothing can be sent any more. */
    synchronized void end() {
        closed = true;
    }

    synchronized boolean isClosed() {
        return closed;
    }
}
