package dev.baton.examples;

import com.sun.net.httpserver.HttpExchange;
import dev.baton.Baton;
import dev.baton.ListenAddress;
import dev.baton.http.BatonHttpServer;
import dev.baton.http.EventStream;
import dev.baton.http.EventStreamEndedException;
import dev.baton.http.ServerSentEvent;
import dev.baton.http.WebSocketOptions;
import dev.baton.http.WebSockets;
import java.io.IOException;
import java.net.http.WebSocket;

/** Counts, over a WebSocket at {@code /ws} and as server-sent events at {@code /events}, across restarts. */
public final class TickerServer {
    private TickerServer() {}

    /** {@code TickerServer [HOST:PORT]} */
    public static void main(String[] arguments) throws Exception {
        String address = arguments.length > 0 ? arguments[0] : "127.0.0.1:8080";
        try (Baton baton = Baton.start()) {
            BatonHttpServer server = BatonHttpServer.create(ListenAddress.parse(address));
            server.createContext(
                    "/ws", exchange -> WebSockets.upgrade(exchange, WebSocketOptions.defaults(), new Ticker()));
            server.createContext("/events", TickerServer::events);
            server.start();
            baton.ready();
            baton.awaitExit();
        }
    }

    /** On a restart the client gets Close 1012 behind a whole message, and connects to the new process. */
    private static final class Ticker implements WebSocket.Listener {
        @Override
        public void onOpen(WebSocket webSocket) {
            webSocket.request(Long.MAX_VALUE);
            Thread.startVirtualThread(() -> {
                try {
                    for (long number = 1; !webSocket.isOutputClosed(); number++) {
                        webSocket.sendText(String.valueOf(number), true).join();
                        Thread.sleep(1_000);
                    }
                } catch (RuntimeException | InterruptedException e) {
                    // Closed: the client comes back, or has gone.
                }
            });
        }
    }

    /** On a restart the stream ends between two events, and the client asks the new process for those after the last. */
    private static void events(HttpExchange exchange) throws IOException {
        try (EventStream stream = EventStream.open(exchange)) {
            long number = stream.lastEventId().map(Long::parseLong).orElse(0L);
            while (true) {
                number++;
                stream.send(ServerSentEvent.of("tick " + number).withId(String.valueOf(number)));
                Thread.sleep(1_000);
            }
        } catch (EventStreamEndedException e) {
            // It was not sent; the client comes back for it.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
