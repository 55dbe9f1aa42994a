package dev.baton.http;

import com.sun.net.httpserver.HttpExchange;
import dev.baton.drain.ConversationControl;
import dev.baton.drain.Conversations;
import dev.baton.drain.DrainReason;
import dev.baton.drain.TrackedConversation;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A connection that the application has taken from HTTP, as with Go's {@code http.Hijacker}: bytes both ways, nothing lost,
 * nothing added.
 *
 * <p>What the client sent behind its request comes first from {@link #input()}. Behind a request with an {@code Upgrade}
 * header and behind CONNECT nothing is ever decoded as HTTP; behind any other request a client must have sent nothing, else
 * the connection cannot be taken.
 *
 * <p>Reads and writes block, which is cheap on a virtual thread, and are bounded both ways: bytes that nobody reads are left
 * to the peer, and a write waits for a peer that does not read. There are no timeouts: whoever wants one closes from another
 * thread, which ends every read and write with an {@link IOException}.
 *
 * <p>From now on the connection is the application's, which has to {@linkplain #close() close} it, also when the handler
 * fails. {@link dev.baton.drain.Connections} knows it no more; a drain tells it through {@link #onDrain}, the process waits
 * for it until it is closed, and at the {@code drain-timeout} it is cut.
 *
 * <p>Safe for use by any thread; one thread may read while another writes.
 */
public final class HijackedConnection implements AutoCloseable {
    private final HijackedChannel channel;
    private final TrackedConversation conversation;

    /** Guards itself and {@link #told}: so every callback is in the list when the turn comes, or finds that it has come. */
    private final List<Consumer<DrainReason>> callbacks = new ArrayList<>();

    private @Nullable DrainReason told;

    private HijackedConnection(HijackedChannel channel, Conversations conversations) {
        this.channel = channel;
        this.conversation = conversations.open(new Control());
        channel.onClosed(conversation::ended);
    }

    /**
     * Takes the connection with nothing sent: what the client gets, the application writes.
     *
     * @throws NotHijackableException if the exchange is not one of HTTP/1.1 of a {@link BatonHttpServer}, or is wrapped
     * @throws IllegalStateException if the response has begun, the request's body was not read to its end, or another
     *     request has come behind it
     * @throws IOException if the connection is closed
     */
    public static HijackedConnection hijack(HttpExchange exchange) throws IOException {
        return take(HijackableExchange.of(exchange).withNothingSent());
    }

    /**
     * Takes the connection after {@code 101 Switching Protocols}, with the exchange's response headers.
     *
     * @param protocol for the {@code Upgrade} header; whether the client has asked for it is the caller's to see
     * @throws NotHijackableException as {@link #hijack}
     * @throws IllegalStateException as {@link #hijack}
     * @throws IOException as {@link #hijack}
     */
    public static HijackedConnection upgrade(HttpExchange exchange, String protocol) throws IOException {
        return take(HijackableExchange.of(exchange).switchingTo(protocol));
    }

    /**
     * Takes the connection after {@code 200} to CONNECT, with the exchange's response headers. The server passes CONNECT on
     * to the context of {@code "/"} if {@link HttpServerOptions#allowConnect()} is set.
     *
     * @throws NotHijackableException as {@link #hijack}
     * @throws IllegalStateException as {@link #hijack}, or if the method is not CONNECT
     * @throws IOException as {@link #hijack}
     */
    public static HijackedConnection connect(HttpExchange exchange) throws IOException {
        return take(HijackableExchange.of(exchange).connected());
    }

    private static HijackedConnection take(HijackableExchange exchange) throws IOException {
        HijackedChannel channel = new HijackedChannel(exchange.channel());
        return exchange.take(conversations -> new HijackedConnection(channel, conversations), List.of(channel));
    }

    /** What the peer sends; at its end the peer has closed its side. Closing the stream throws away what comes. */
    public InputStream input() {
        return channel.input();
    }

    /** What the peer gets; every write is on its way when it returns. Closing the stream shuts the output. */
    public OutputStream output() {
        return channel.output();
    }

    /** Closes this side behind all that was written; the peer sees the end, and may send on. */
    public void shutdownOutput() {
        channel.shutdownOutput();
    }

    /**
     * Closes the connection so that everything that was written arrives: this side first, then, when the peer has closed its
     * own or after ten seconds, the socket. What the peer sends meanwhile is thrown away. Returns at once.
     */
    @Override
    public void close() {
        channel.close();
    }

    /** Closes the connection at once with a reset: what is on its way is lost, and the peer sees an error. */
    public void closeNow() {
        channel.closeNow();
    }

    /** The other end; for a Unix socket an address with the empty path. */
    public SocketAddress remoteAddress() {
        return channel.remoteAddress();
    }

    /** This end; for a Unix socket an address with the empty path. */
    public SocketAddress localAddress() {
        return channel.localAddress();
    }

    /**
     * To be called when it is this connection's turn to end, and at once if it was; see
     * {@link dev.baton.drain.DrainOptions#closeSpread()}. Each call is on a virtual thread of its own.
     */
    public void onDrain(Consumer<DrainReason> callback) {
        Objects.requireNonNull(callback);
        DrainReason reason;
        synchronized (callbacks) {
            callbacks.add(callback);
            reason = told;
        }
        if (reason != null) {
            run(callback, reason);
        }
    }

    /** Why the connection is to end; empty before its turn. */
    public Optional<DrainReason> drainReason() {
        return conversation.drainReason();
    }

    private static void run(Consumer<DrainReason> callback, DrainReason reason) {
        Thread.ofVirtual().name("baton-on-drain").start(() -> {
            try {
                callback.accept(reason);
            } catch (RuntimeException e) {
                Log.drainCallbackFailed(e);
            }
        });
    }

    /** The registry's hand on the connection. */
    private final class Control implements ConversationControl {
        @Override
        public void drain(DrainReason reason) {
            List<Consumer<DrainReason>> all;
            synchronized (callbacks) {
                told = reason;
                all = List.copyOf(callbacks);
            }
            all.forEach(each -> run(each, reason));
        }

        /** The application was told, and may have told its peer; there is nothing to take back. */
        @Override
        public void resume() {
            synchronized (callbacks) {
                told = null;
            }
        }

        @Override
        public boolean close() {
            channel.closeForcibly();
            return true;
        }
    }

    @Override
    public String toString() {
        return "hijacked connection of " + remoteAddress();
    }
}
