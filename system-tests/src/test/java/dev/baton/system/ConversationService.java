package dev.baton.system;

import com.sun.net.httpserver.HttpExchange;
import dev.baton.Baton;
import dev.baton.ListenAddress;
import dev.baton.drain.DrainOptions;
import dev.baton.http.BatonHttpServer;
import dev.baton.http.EventStream;
import dev.baton.http.HijackedConnection;
import dev.baton.http.HttpServerOptions;
import dev.baton.http.ServerSentEvent;
import dev.baton.http.WebSocketOptions;
import dev.baton.http.WebSockets;
import java.io.IOException;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/** The service of {@link ConversationTest}: {@code ConversationService ADDRESS SPREAD_MILLIS}. */
final class ConversationService {
    private ConversationService() {}

    public static void main(String[] arguments) throws Exception {
        try (Baton baton = Baton.start()) {
            BatonHttpServer server = BatonHttpServer.create(
                    HttpServerOptions.defaults(),
                    DrainOptions.builder()
                            .closeSpread(Duration.ofMillis(Long.parseLong(arguments[1])))
                            .build());
            server.listen(ListenAddress.parse(arguments[0]));
            WebSocketOptions options =
                    WebSocketOptions.builder().compression(true).build();
            server.createContext(
                    "/ticker", exchange -> WebSockets.upgrade(exchange, options, new Ticker(baton.generation())));
            server.createContext("/echo", exchange -> WebSockets.upgrade(exchange, options, new Echo()));
            server.createContext("/events", ConversationService::events);
            server.createContext("/download", ConversationService::download);
            server.createContext("/", exchange -> {
                byte[] body = String.valueOf(baton.generation()).getBytes(StandardCharsets.US_ASCII);
                exchange.sendResponseHeaders(200, body.length);
                try (exchange) {
                    exchange.getResponseBody().write(body);
                }
            });
            server.start();
            System.out.println(baton.generation() + " listens on " + server.getAddress());
            baton.ready();
            System.out.println(baton.generation() + " ready");
            baton.awaitExit();
        }
    }

    /** Says which generation it is, then sends messages in two parts, one after the other, for as long as it can. */
    private static final class Ticker implements WebSocket.Listener {
        private final int generation;

        Ticker(int generation) {
            this.generation = generation;
        }

        @Override
        public void onOpen(WebSocket webSocket) {
            webSocket.request(Long.MAX_VALUE);
            Thread.startVirtualThread(() -> {
                try {
                    webSocket.sendText("generation " + generation, true).join();
                    while (true) {
                        webSocket.sendText("begin ", false).join();
                        Thread.sleep(5);
                        webSocket.sendText("end", true).join();
                    }
                } catch (RuntimeException | InterruptedException e) {
                    // Closed: what was begun was sent.
                }
            });
        }
    }

    private static final class Echo implements WebSocket.Listener {
        @Override
        public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
            return webSocket.sendText(data, last).thenRun(() -> webSocket.request(1));
        }

        @Override
        public CompletionStage<?> onBinary(WebSocket webSocket, ByteBuffer data, boolean last) {
            return webSocket.sendBinary(data, last).thenRun(() -> webSocket.request(1));
        }
    }

    /** Numbers, each with itself as the id, from the one after the last that the client has got. */
    private static void events(HttpExchange exchange) throws IOException {
        try (EventStream stream = EventStream.open(exchange)) {
            long next = stream.lastEventId().map(Long::parseLong).orElse(0L) + 1;
            while (true) {
                String number = String.valueOf(next);
                stream.send(ServerSentEvent.of(number).withId(number));
                next++;
                Thread.sleep(10);
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    /** As many bytes as the query says, over a connection that is HTTP's no more. */
    private static void download(HttpExchange exchange) throws IOException {
        long left = Long.parseLong(exchange.getRequestURI().getQuery());
        try (HijackedConnection connection = HijackedConnection.upgrade(exchange, "bytes")) {
            connection.onDrain(reason -> System.out.println("told " + reason));
            byte[] block = new byte[64 * 1024];
            for (; left > 0; left -= block.length) {
                connection.output().write(block, 0, (int) Math.min(left, block.length));
            }
        }
    }
}
