package dev.baton.http;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.net.http.WebSocket;
import java.util.Objects;
import java.util.Optional;

/**
 * WebSockets on the server, with the interfaces of the JDK's client: {@link WebSocket} and {@link WebSocket.Listener}.
 *
 * <pre>{@code
 * server.createContext("/chat", exchange -> WebSockets.upgrade(exchange, WebSocketOptions.defaults(), new ChatListener()));
 * }</pre>
 *
 * <p>Their contracts hold as they are documented there: one send at a time, receive methods as often as requested, Ping and
 * Close answered by themselves. The listener is called on virtual threads and may block. Beyond the contracts:
 *
 * <ul>
 *   <li>When the connection ends without a Close, {@code onClose} gets 1006, as in the JDK's client. When the peer breaks the
 *       protocol (RFC 6455), it gets a Close with 1002, 1007 or 1009, and the listener {@code onError}.
 *   <li>At a restart a WebSocket with a {@link WebSocketMigration} goes on in the other process, and its client notices
 *       nothing. Otherwise
 *       a drain closes the WebSocket by {@link WebSocketOptions#drainPolicy()}. A message that was begun with
 *       {@code last = false} may be finished; one that would begin fails with {@link WebSocketDrainingException}, and was not
 *       sent. What the peer had sent before its Close is still given to the listener.
 *   <li>{@code sendClose} takes every code that may be sent, also those that are for servers.
 * </ul>
 */
public final class WebSockets {
    private WebSockets() {}

    /**
     * Answers the opening handshake of RFC 6455. A request that is none is answered 400, 405 or 426.
     *
     * <p>Who may connect is for the caller to decide, before: browsers let every page open a WebSocket to every server, with
     * the user's cookies, so a server for browsers compares the {@code Origin} header.
     *
     * @return the WebSocket, on which the listener's {@code onOpen} is called; empty if the request was answered otherwise
     * @throws NotHijackableException if the exchange is not one of HTTP/1.1 of a {@link BatonHttpServer}, or is wrapped
     * @throws IllegalStateException if the response has begun, or the request has a body that was not read
     * @throws IOException if the connection is closed
     */
    public static Optional<WebSocket> upgrade(
            HttpExchange exchange, WebSocketOptions options, WebSocket.Listener listener) throws IOException {
        Objects.requireNonNull(options, "options");
        Objects.requireNonNull(listener, "listener");
        HijackableExchange hijackable = HijackableExchange.of(exchange);
        Optional<WebSocketHandshake.Agreed> agreed = WebSocketHandshake.agree(exchange, options);
        if (agreed.isEmpty()) {
            return Optional.empty();
        }
        ServerWebSocket webSocket = new ServerWebSocket(hijackable.channel(), agreed.get(), options, listener);
        return Optional.of(hijackable
                .switchingTo("websocket")
                .take(
                        webSocket::begin,
                        WebSocketFrames.codec(options, agreed.get().compression(), webSocket.handler())));
    }
}
