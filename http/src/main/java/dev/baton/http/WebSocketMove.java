package dev.baton.http;

import dev.baton.drain.DrainReason;
import dev.baton.drain.TrackedConversation;
import dev.baton.netty.ConnectionProtocol;
import dev.baton.netty.ServedConnection;
import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a WebSocket when its turn in a drain has come: it moves to the other process, or it gets its Close.
 *
 * <pre>
 *   HERE --its turn, may move--> LEAVING --frozen, taken--> gone
 *    | ^                          |    |
 *    | +---------undone-----------+    +--refused, not let go, time over--> STAYING: its Close, by the policy
 *    +--its turn, may not move--------------------------------------------> STAYING
 *                                                   undone: STAYING --> HERE
 * </pre>
 *
 * <p><b>Application versus freeze, settled here.</b> The event loop sees frames, and the application's threads begin sends
 * and get calls without it. So rest is looked for twice. {@link #isAtRest()} only looks; if it says yes, the connection asks
 * to be moved, and goes on as before. When there is room, {@link #suspend()} takes hold of the output and of the input, each
 * under its lock: if either is in use by then, neither is held and the connection asks again at its next rest. From there
 * on a send is refused and nothing of it is sent, and the listener is not called; what comes from the socket has been
 * stopped by the freeze already. Only then the application is asked for its state. So a message is sent here, and the state
 * knows of it; or it is refused here, and the state can have it; and a message that has come was given to the listener of
 * this process before the state was saved, or is in the bytes that move.
 *
 * <p><b>Rest must come.</b> A peer that sends without a pause would leave no moment of rest. So from its turn on the socket
 * is read only to finish what has begun, and each end of a send, of a listener's call and of a frame looks again.
 *
 * <p>Event loop only, but for {@link #wants()}.
 */
final class WebSocketMove implements ConnectionProtocol {
    static final String PROTOCOL = "websocket";

    private enum State {
        HERE,
        LEAVING,
        STAYING
    }

    private final Channel channel;
    private final WebSocketOptions options;
    private final boolean compressed;
    private final ServerWebSocket webSocket;

    private volatile State state = State.HERE;

    /** The connection is frozen: nothing of it is touched until it is told that it goes on here. */
    private boolean frozen;

    private @Nullable Future<?> patience;

    /** @param compressed both sides compress, and may need for a message what was in those before it: such do not move */
    WebSocketMove(Channel channel, WebSocketOptions options, boolean compressed, ServerWebSocket webSocket) {
        this.channel = channel;
        this.compressed = compressed;
        this.options = options;
        this.webSocket = webSocket;
    }

    /** Whether the WebSocket waits for a moment of rest. Any thread. */
    boolean wants() {
        return state == State.LEAVING;
    }

    /** The connection has left HTTP. */
    void begin() {
        if (migratesAs().isPresent()) {
            ServedConnection.of(channel).protocol(this);
        }
    }

    /** Something has come to its end. */
    void look() {
        if (state == State.LEAVING && !frozen && channel.isActive()) {
            ServedConnection.of(channel).moveIfAtRest();
        }
    }

    /** The registry of conversations, or that of connections, has changed its mind, or the move has failed. */
    void drainChanged(@Nullable TrackedConversation conversation) {
        if (conversation == null || frozen || !channel.isActive()) {
            return; // A frozen one is told again when it goes on here.
        }
        Optional<DrainReason> reason = conversation.drainReason();
        if (reason.isEmpty()) {
            if (state != State.HERE) {
                become(State.HERE);
                ServedConnection.of(channel).mayMoveAgain();
                webSocket.goesOn();
            }
        } else if (state != State.STAYING) {
            boolean mayMove = reason.get() == DrainReason.SUCCEEDED
                    && migratesAs().isPresent()
                    && ServedConnection.of(channel).mayMove();
            if (!mayMove) {
                stay();
            } else if (state == State.HERE) {
                leave();
            } else {
                look();
            }
        }
    }

    private void leave() {
        become(State.LEAVING);
        if (options.drainPolicy() == WebSocketDrainPolicy.CLOSE) {
            patience = channel.eventLoop()
                    .schedule(this::giveUp, options.closeTimeout().toNanos(), TimeUnit.NANOSECONDS);
        }
        look();
    }

    /** A frozen one is at rest: the other process answers, or it stays. */
    private void giveUp() {
        if (state == State.LEAVING && !frozen) {
            stay();
        }
    }

    boolean isFrozen() {
        return frozen;
    }

    /** It goes on here. */
    void thawed() {
        frozen = false;
        webSocket.letGo();
    }

    private void stay() {
        become(State.STAYING);
        webSocket.stays();
    }

    private void become(State next) {
        state = next;
        end();
    }

    void end() {
        if (patience != null) {
            patience.cancel(false);
            patience = null;
        }
    }

    // As the protocol of the connection.

    @Override
    public void drain(DrainReason reason) {
        webSocket.drainChanged();
    }

    @Override
    public void resume() {
        webSocket.drainChanged();
    }

    @Override
    public void closeIdle() {
        // It is in no registry of connections that could be idle.
    }

    @Override
    public Optional<String> migratesAs() {
        return compressed ? Optional.empty() : options.migration().map(_ -> PROTOCOL);
    }

    @Override
    public boolean isAtRest() {
        return state == State.LEAVING && webSocket.isAtRest();
    }

    @Override
    public boolean suspend() {
        frozen = webSocket.hold();
        return frozen;
    }

    @Override
    public CompletionStage<Optional<byte[]>> save() {
        WebSocketMigration migration = options.migration().orElseThrow();
        CompletableFuture<Optional<byte[]>> saved = new CompletableFuture<>();
        Thread.ofVirtual().name("baton-websocket-save").start(() -> {
            try {
                saved.complete(webSocket.save(migration));
            } catch (RuntimeException | Error e) {
                Log.sessionNotSaved(migration.name(), e);
                saved.complete(Optional.empty());
            }
        });
        return saved.completeOnTimeout(Optional.empty(), options.closeTimeout().toNanos(), TimeUnit.NANOSECONDS);
    }
}
