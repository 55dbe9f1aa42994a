package dev.baton.http;

import dev.baton.drain.ConversationControl;
import dev.baton.drain.Conversations;
import dev.baton.drain.DrainReason;
import dev.baton.drain.TrackedConversation;
import dev.baton.netty.ProxyHeader;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.io.IOException;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket as the application sees it, from any thread: joins the output, the input, the event loop and the registry of
 * conversations.
 *
 * <p>It is waited for by a drain until the socket is closed and the listener has been called for all that it requested.
 */
final class ServerWebSocket implements WebSocket, WebSocketReceiver.Owner, WebSocketSender.Wire, ConversationControl {
    private final Channel channel;
    private final String subprotocol;
    private final WebSocketOptions options;
    private final WebSocketSender sender = new WebSocketSender(this);
    private final WebSocketReceiver receiver;
    private final WebSocketChannel handler;
    private final WebSocketMove move;
    private volatile boolean inputClosed;

    /** Set in the event loop when the WebSocket begins. */
    private volatile @Nullable TrackedConversation conversation;

    ServerWebSocket(Channel channel, WebSocketHandshake.Agreed agreed, WebSocketOptions options, Listener listener) {
        this.channel = channel;
        this.subprotocol = agreed.subprotocol();
        this.options = options;
        this.receiver = new WebSocketReceiver(listener, this);
        this.move = new WebSocketMove(channel, options, agreed.compression().isPresent(), this);
        this.handler = new WebSocketChannel(channel, options, this, receiver);
    }

    ChannelHandler handler() {
        return handler;
    }

    /** Event loop: the WebSocket begins. */
    ServerWebSocket begin(Conversations conversations) {
        conversation = conversations.open(this);
        receiver.open(this);
        return this;
    }

    /** Event loop: the WebSocket goes on, as the state says, with the listener's first call as the migration says. */
    void resume(Conversations conversations, WebSocketState state, WebSocketMigration migration) {
        handler.question(state.question());
        conversation = conversations.open(this);
        receiver.resume(this, state.demand(), () -> migration.resumed(this, receiver.listener()));
        demanded();
    }

    /** Event loop, or after it. The registry may call before {@link #begin} has seen what it returns, and what it asks for is a task. */
    private TrackedConversation conversation() {
        return Objects.requireNonNull(conversation);
    }

    // --- the way to another process, see WebSocketMove ---

    WebSocketMove move() {
        return move;
    }

    /** Event loop. */
    boolean isAtRest() {
        return handler.isAtRest() && sender.isAtRest() && receiver.isAtRest();
    }

    /** Event loop: both directions, or neither. */
    boolean hold() {
        if (!sender.hold()) {
            return false;
        }
        boolean held = receiver.hold();
        if (!held) {
            sender.letGo();
        }
        return held;
    }

    /** Event loop: the session goes on here after all. */
    void letGo() {
        sender.letGo();
        receiver.letGo(() -> migration().stayed(this, receiver.listener()));
    }

    private WebSocketMigration migration() {
        return options.migration().orElseThrow();
    }

    /** A virtual thread, while both directions are held. */
    Optional<byte[]> save() {
        WebSocketMigration migration = migration();
        Optional<byte[]> session = migration.save(receiver.listener());
        int length = session.map(bytes -> bytes.length).orElse(0);
        if (length > WebSocketMigration.MAX_STATE_BYTES) {
            Log.sessionTooLong(migration.name(), length);
            return Optional.empty();
        }
        return session.map(bytes -> new WebSocketState(
                        migration.name(),
                        migration.version(),
                        subprotocol,
                        receiver.demand(),
                        handler.question(),
                        bytes)
                .encode());
    }

    /** Event loop: the session is another process's. The output stays held, so that who sends late hears why not. */
    void moved() {
        handler.release();
        inputClosed = true;
        receiver.stop();
        Thread.ofVirtual().name("baton-websocket").start(() -> {
            try {
                migration().moved(this, receiver.listener());
            } catch (RuntimeException | Error e) {
                Log.listenerFailed(e);
            } finally {
                conversation().ended();
            }
        });
    }

    /** Event loop: it does not move in this drain. */
    void stays() {
        if (options.drainPolicy() == WebSocketDrainPolicy.CLOSE) {
            conversation().drainReason().ifPresent(sender::drain);
        }
        handler.updateReading();
    }

    /** Event loop: the drain was undone. */
    void goesOn() {
        sender.resume();
        handler.updateReading();
    }

    /** Event loop. */
    void updateReading() {
        handler.updateReading();
    }

    @Override
    public void settled() {
        if (move.seeksRest()) {
            inLoop(move::look);
        }
    }

    // --- the JDK's API ---

    @Override
    public CompletableFuture<WebSocket> sendText(CharSequence data, boolean last) {
        return sender.text(Objects.requireNonNull(data, "data"), last).thenApply(_ -> this);
    }

    @Override
    public CompletableFuture<WebSocket> sendBinary(ByteBuffer data, boolean last) {
        return sender.binary(Objects.requireNonNull(data, "data"), last).thenApply(_ -> this);
    }

    @Override
    public CompletableFuture<WebSocket> sendPing(ByteBuffer message) {
        return sender.ping(Objects.requireNonNull(message, "message")).thenApply(_ -> this);
    }

    @Override
    public CompletableFuture<WebSocket> sendPong(ByteBuffer message) {
        return sender.pong(Objects.requireNonNull(message, "message")).thenApply(_ -> this);
    }

    /** {@inheritDoc} A server may send every code that stands for a Close, also those that are illegal for a client. */
    @Override
    public CompletableFuture<WebSocket> sendClose(int statusCode, String reason) {
        Objects.requireNonNull(reason, "reason");
        if (!CloseCode.maySend(statusCode)) {
            return CompletableFuture.failedFuture(
                    new IllegalArgumentException("no status code to send: " + statusCode));
        }
        if (!CloseCode.isReason(reason)) {
            return CompletableFuture.failedFuture(
                    new IllegalArgumentException("a reason has at most 123 bytes of UTF-8: " + reason));
        }
        return sender.closeUnlessHeld(statusCode, reason).thenApply(_ -> this);
    }

    @Override
    public void request(long n) {
        receiver.request(n);
    }

    @Override
    public String getSubprotocol() {
        return subprotocol;
    }

    @Override
    public boolean isOutputClosed() {
        return sender.isClosed();
    }

    @Override
    public boolean isInputClosed() {
        return inputClosed;
    }

    @Override
    public void abort() {
        inputClosed = true;
        sender.end();
        receiver.stop();
        closeSocket();
    }

    // --- the output's wire: called under its lock, so each call becomes a task of the event loop ---

    @Override
    public void send(WebSocketFrame frame, CompletableFuture<Void> sent) {
        if (!inLoop(() -> handler.write(frame, sent))) {
            frame.release();
            complete(sent, new IOException("the server has stopped"));
        }
    }

    @Override
    public void close(int code, String reason, CompletableFuture<Void> sent) {
        if (!inLoop(() -> handler.writeClose(code, reason, sent))) {
            complete(sent, new IOException("the server has stopped"));
        }
    }

    /** A send has ended. What the application does then it does on a thread of its own. */
    void complete(CompletableFuture<Void> sent, @Nullable Throwable cause) {
        Thread.startVirtualThread(() -> {
            if (cause == null) {
                sent.complete(null);
            } else {
                sent.completeExceptionally(
                        cause instanceof IOException ? cause : new IOException("the WebSocket is closed", cause));
            }
            sender.told();
            settled();
        });
    }

    // --- the input ---

    @Override
    public void demanded() {
        inLoop(() -> {
            handler.updateReading();
            move.look();
        });
    }

    @Override
    public void closeSeen(int code) {
        answerClose(code);
    }

    @Override
    public void listenerFailed(Throwable cause) {
        Log.listenerFailed(cause);
        receiver.fail(cause);
        fail(CloseCode.INTERNAL_ERROR);
    }

    // --- the event loop ---

    /** With the peer's own code, if the output is still open. */
    void answerClose(int code) {
        boolean said = CloseCode.maySend(code);
        sender.close(said ? code : CloseCode.NONE, "").exceptionally(_ -> null);
    }

    void inputClosed() {
        inputClosed = true;
    }

    /** Ends the WebSocket with this code, if it has not sent another. */
    void fail(int code) {
        sender.close(code, "").exceptionally(_ -> null);
    }

    /** The socket is closed; {@code abnormally} if the peer has not said Close. */
    void ended(boolean abnormally) {
        inputClosed = true;
        sender.end();
        receiver.letGo();
        if (abnormally) {
            receiver.offer(new Received.Close(CloseCode.ABNORMAL, ""));
        }
        TrackedConversation ended = conversation;
        if (ended != null) {
            receiver.whenIdle(ended::ended);
        }
    }

    // --- the registry's hand ---

    @Override
    public void drain(DrainReason reason) {
        drainChanged();
    }

    @Override
    public void resume() {
        inLoop(() -> move.undone(conversation()));
    }

    /** In the event loop, so that what the registry says last is done last. */
    void drainChanged() {
        inLoop(() -> move.drainChanged(conversation()));
    }

    /** At the deadline: what can still be said is said. */
    @Override
    public boolean close() {
        TrackedConversation told = conversation;
        DrainReason reason =
                told == null ? DrainReason.STOPPED : told.drainReason().orElse(DrainReason.STOPPED);
        sender.close(CloseCode.of(reason), "").exceptionally(_ -> null);
        closeSocket();
        return true;
    }

    private void closeSocket() {
        inLoop(move::close);
    }

    /** False if the event loop has ended, and with it the connection. */
    private boolean inLoop(Runnable task) {
        try {
            channel.eventLoop().execute(task);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    @Override
    public String toString() {
        return "WebSocket of " + ProxyHeader.remoteAddress(channel);
    }
}
