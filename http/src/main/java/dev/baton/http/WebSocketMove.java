package dev.baton.http;

import dev.baton.drain.DrainReason;
import dev.baton.drain.TrackedConversation;
import dev.baton.netty.ConnectionProtocol;
import dev.baton.netty.Departure;
import dev.baton.netty.Departure.Way;
import dev.baton.netty.ServedConnection;
import io.netty.buffer.Unpooled;
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
 *   HERE --turn, at rest----> ASKING --room, at rest--> FROZEN --taken--> GONE
 *    | |                       |  ^                     ^   |
 *    | |           busy by then|  |patience ends        |   +---not taken--> HERE, and its turn is looked at anew
 *    | |                       v  |                     |
 *    | +--turn, not at rest--> PRESSING --at rest, room-+
 *    |                           |
 *    |                           +--patience ends, not at rest--> STAYING: its Close, by the policy
 *    +--turn, no way; refused-----------------------------------> STAYING
 *    +--turn, way lost--> STRANDED --patience ends--------------> STAYING
 *
 *   ASKING, PRESSING --way lost--> STRANDED; --refused--> STAYING        all but FROZEN, GONE --undone--> HERE
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
 * <p><b>Rest must come.</b> A peer that sends without a pause would leave no moment of rest. So one that is not at rest at its
 * turn, or when there is room, is PRESSING: the socket is read only to finish what has begun, and each end of a send, of a
 * listener's call and of a frame looks again. It may be that the listener waits for the peer's next message, so that the rest
 * would never come: patience ends, and it is closed, or goes on as before if that is the policy.
 *
 * <p><b>A way that is lost is no refusal.</b> The migration says to all that have asked that they stay before an undo reaches
 * the registry of conversations, and before anybody knows what the death of the other process leads to. So nothing that
 * cannot be taken back is done at once: the WebSocket goes on as before until it hears of the undo or patience ends.
 *
 * <p>Event loop only, but for {@link #seeksRest()}.
 */
final class WebSocketMove implements ConnectionProtocol {
    static final String PROTOCOL = "websocket";

    private enum State {
        HERE,
        ASKING,
        PRESSING,
        STRANDED,
        FROZEN,
        STAYING,
        GONE
    }

    private final Channel channel;
    private final WebSocketOptions options;
    private final boolean compressed;
    private final ServerWebSocket webSocket;

    private volatile State state = State.HERE;

    private @Nullable Future<?> patience;

    /** @param compressed both sides compress, and may need for a message what was in those before it: such do not move */
    WebSocketMove(Channel channel, WebSocketOptions options, boolean compressed, ServerWebSocket webSocket) {
        this.channel = channel;
        this.compressed = compressed;
        this.options = options;
        this.webSocket = webSocket;
    }

    /** Whether the WebSocket waits for a moment of rest. Any thread. */
    boolean seeksRest() {
        State now = state;
        return now == State.ASKING || now == State.PRESSING;
    }

    /** Whether nothing is to begin, so that rest comes. */
    boolean isPressing() {
        return state == State.PRESSING;
    }

    boolean isFrozen() {
        return state == State.FROZEN;
    }

    /** The connection has left HTTP. */
    void begin() {
        if (migratesAs().isPresent()) {
            ServedConnection.of(channel).protocol(this);
        }
    }

    /** The WebSocket has ended here, by its end or by its move. */
    void end() {
        become(State.GONE);
    }

    /** Something has come to its end. */
    void look() {
        if (seeksRest()) {
            departure().askIfAtRest();
        }
    }

    /** Closes the socket; of a connection that is frozen, it gives up what is here. */
    void close() {
        if (state != State.GONE && channel.isActive()) {
            ServedConnection.of(channel).end();
        }
    }

    /** The registry of conversations has changed its mind, or the connection has not moved. */
    void drainChanged(TrackedConversation conversation) {
        if (!channel.isActive()) {
            return;
        }
        switch (state) {
            case HERE, ASKING, PRESSING, STRANDED ->
                conversation.drainReason().ifPresentOrElse(this::leave, this::goOn);
            case STAYING -> {
                if (conversation.drainReason().isEmpty()) {
                    goOn();
                }
            }
            case FROZEN, GONE -> {
                // A frozen one is told again when it goes on here.
            }
        }
    }

    /** It may ask in the next drain; a frozen one too, as soon as it goes on here. */
    void undone(TrackedConversation conversation) {
        if (state != State.GONE && channel.isActive()) {
            departure().startOver();
        }
        drainChanged(conversation);
    }

    private void leave(DrainReason reason) {
        Way way = reason == DrainReason.SUCCEEDED && migratesAs().isPresent()
                ? departure().way()
                : Way.NONE;
        switch (way) {
            case OPEN -> seekRest();
            case LOST -> {
                if (state != State.STRANDED) {
                    become(State.STRANDED);
                    waitPatiently();
                    webSocket.updateReading();
                }
            }
            case NONE -> stay();
        }
    }

    private void seekRest() {
        if (state == State.PRESSING) {
            look();
            return;
        }
        if (state != State.ASKING) {
            become(State.ASKING);
            look();
        }
        if (!departure().isAsking()) {
            press(); // It is busy, or was when there was room.
        }
    }

    private void press() {
        become(State.PRESSING);
        waitPatiently();
        look();
        // What is still on its way to the socket is not looked at by anybody when it is written.
        var _ = channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(_ -> look());
    }

    private void waitPatiently() {
        patience = channel.eventLoop()
                .schedule(this::patienceEnds, options.closeTimeout().toNanos(), TimeUnit.NANOSECONDS);
    }

    private void patienceEnds() {
        boolean goesOn = options.drainPolicy() == WebSocketDrainPolicy.KEEP_UNTIL_DEADLINE
                || departure().isAsking();
        if (state == State.PRESSING && goesOn) {
            become(State.ASKING);
            webSocket.updateReading();
        } else {
            stay();
        }
    }

    private void stay() {
        become(State.STAYING);
        webSocket.stays();
    }

    private void goOn() {
        if (state != State.HERE) {
            become(State.HERE);
            webSocket.goesOn();
        }
    }

    private void become(State next) {
        state = next;
        if (patience != null) {
            patience.cancel(false);
            patience = null;
        }
    }

    private Departure departure() {
        return ServedConnection.of(channel).departure();
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
        return seeksRest() && webSocket.isAtRest();
    }

    @Override
    public boolean suspend() {
        boolean held = webSocket.hold();
        if (held) {
            become(State.FROZEN);
        }
        return held;
    }

    @Override
    public CompletionStage<Optional<byte[]>> save() {
        WebSocketMigration migration = options.migration().orElseThrow();
        CompletableFuture<Optional<byte[]>> saved = new CompletableFuture<>();
        Thread.ofVirtual().name("baton-websocket-save").start(() -> {
            try {
                saved.complete(webSocket.save());
            } catch (RuntimeException | Error e) {
                Log.sessionNotSaved(migration.name(), e);
                saved.complete(Optional.empty());
            }
        });
        return saved.completeOnTimeout(Optional.empty(), options.closeTimeout().toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public void moved() {
        webSocket.moved();
    }

    /** It goes on here: what the registry says is looked at anew. */
    void thawed() {
        become(State.HERE);
        webSocket.letGo();
    }
}
