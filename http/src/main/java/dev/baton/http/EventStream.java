package dev.baton.http;

import com.sun.net.httpserver.HttpExchange;
import dev.baton.drain.ConversationControl;
import dev.baton.drain.Conversations;
import dev.baton.drain.DrainReason;
import dev.baton.drain.TrackedConversation;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A response that is a stream of server-sent events.
 *
 * <pre>{@code
 * try (EventStream stream = EventStream.open(exchange)) {
 *     for (Tick tick : ticks.after(stream.lastEventId())) {
 *         stream.send(ServerSentEvent.of(tick.text()).withId(tick.number()));
 *     }
 * } catch (EventStreamEndedException e) {
 *     // The client comes back with the id of the last event that it got.
 * }
 * }</pre>
 *
 * <p><b>What a client can rely on.</b> An event whose {@link #send} has returned normally is in the response before its end.
 * One whose send has failed may be missing, and none after it was sent. On a drain the stream ends in its turn (see
 * {@link dev.baton.drain.DrainOptions#closeSpread()}) between two events, with the regular end of the response. So a client
 * that connects again with {@code Last-Event-ID} continues without loss, if the application finds the events after an id.
 *
 * <p>Over HTTP/1.1 the response says {@code Connection: close}: its client is to come back on a new connection, which
 * another process may accept.
 *
 * <p>It needs nothing but the API of {@link HttpExchange}, and works behind filters and over HTTP/2; drains concern it in a
 * {@link BatonHttpServer}. Safe for use by any thread; sends wait for a client that reads slowly, as response bodies do.
 */
public final class EventStream implements AutoCloseable {
    private final HttpExchange exchange;
    private final OutputStream output;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    /** Held while an event is being written, so that the end comes between two. */
    private final ReentrantLock writing = new ReentrantLock();

    // Guarded by the lock.
    private @Nullable TrackedConversation conversation;
    private boolean over;
    private Optional<DrainReason> reason = Optional.empty();

    private EventStream(HttpExchange exchange) {
        this.exchange = exchange;
        this.output = exchange.getResponseBody();
    }

    /**
     * Begins the response with status 200; response headers that were set before are sent too.
     *
     * @throws IOException if the client has gone, or the response has begun
     */
    public static EventStream open(HttpExchange exchange) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        if (exchange.getProtocol().startsWith("HTTP/1")) {
            exchange.getResponseHeaders().set("Connection", "close");
        }
        exchange.sendResponseHeaders(200, 0);
        EventStream stream = new EventStream(exchange);
        BatonHttpServer.conversationsOf(exchange).ifPresent(stream::register);
        stream.write(new byte[0]); // The client sees at once that the stream is open.
        return stream;
    }

    private void register(Conversations conversations) {
        writing.lock();
        try {
            conversation = conversations.open(new Control());
        } finally {
            writing.unlock();
        }
    }

    /** What the client says that it has got: the id of the last event, from this process or another. */
    public Optional<String> lastEventId() {
        // The client sends UTF-8; the JDK's API gives each byte as a character.
        return Optional.ofNullable(exchange.getRequestHeaders().getFirst("Last-Event-ID"))
                .map(value -> new String(value.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8));
    }

    /**
     * Sends an event.
     *
     * @throws EventStreamEndedException if the stream has ended; the event was not sent
     * @throws IOException if the client has gone; nobody knows whether it got the event
     */
    public void send(ServerSentEvent event) throws IOException {
        write(event.encoded());
    }

    /**
     * Sends a comment, which clients ignore: a sign of life for proxies that close silent connections, and the way to find
     * out that a client has gone.
     *
     * @throws IOException as {@link #send}
     */
    public void comment(String text) throws IOException {
        write(ServerSentEvent.comment(text));
    }

    private void write(byte[] bytes) throws IOException {
        writing.lock();
        try {
            if (over) {
                throw new EventStreamEndedException(reason);
            }
            output.write(bytes);
            output.flush();
        } catch (EventStreamEndedException e) {
            throw e;
        } catch (IOException e) {
            finish();
            throw e;
        } finally {
            writing.unlock();
        }
    }

    /** Completes when the stream has ended, for whatever reason: an application that waits for events waits for this too. */
    public CompletionStage<Void> ended() {
        return ended.minimalCompletionStage();
    }

    /** Ends the stream regularly; a second call does nothing. */
    @Override
    public void close() {
        writing.lock();
        try {
            if (!over) {
                exchange.close();
                finish();
            }
        } finally {
            writing.unlock();
        }
    }

    /** The caller holds the lock. */
    private void finish() {
        over = true;
        if (conversation != null) {
            conversation.ended();
        }
        var _ = ended.completeAsync(() -> null, Thread::startVirtualThread);
    }

    /** The registry's hand on the stream. */
    private final class Control implements ConversationControl {
        /** An event that is being written is finished first, and that may take its time. */
        @Override
        public void drain(DrainReason why) {
            Thread.ofVirtual().name("baton-event-stream").start(this::endIfTold);
        }

        private void endIfTold() {
            writing.lock();
            try {
                Optional<DrainReason> told = conversation == null ? Optional.empty() : conversation.drainReason();
                if (told.isPresent() && !over) {
                    reason = told;
                    EventStream.this.close();
                }
            } finally {
                writing.unlock();
            }
        }

        @Override
        public void resume() {
            // A stream whose turn had come has ended, or finds that it need not.
        }

        /** The stream is a request, and cut and counted as one. */
        @Override
        public boolean close() {
            Thread.ofVirtual().name("baton-event-stream").start(EventStream.this::close);
            return false;
        }
    }
}
