package dev.baton.system;

import dev.baton.Baton;
import dev.baton.ListenAddress;
import dev.baton.drain.DrainOptions;
import dev.baton.http.BatonHttpServer;
import dev.baton.http.HttpServerOptions;
import dev.baton.http.WebSocketDrainingException;
import dev.baton.http.WebSocketMigration;
import dev.baton.http.WebSocketOptions;
import dev.baton.http.WebSockets;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The service of {@link MovedWebSocketsTest}: {@code MovedWebSocketsService ADDRESS}. Its WebSockets go on at a restart. */
final class MovedWebSocketsService {
    private static final int VERSION = 1;

    private MovedWebSocketsService() {}

    public static void main(String[] arguments) throws Exception {
        try (Baton baton = Baton.start()) {
            BatonHttpServer server = BatonHttpServer.create(
                    HttpServerOptions.defaults(),
                    DrainOptions.builder().closeSpread(Duration.ofMillis(500)).build());
            server.listen(ListenAddress.parse(arguments[0]));
            WebSocketOptions options = WebSocketOptions.builder()
                    .migration(new Sessions(baton.generation()))
                    .build();
            server.createContext(
                    "/", exchange -> WebSockets.upgrade(exchange, options, new Session(baton.generation(), 0, 0)));
            server.adoptWebSockets(options);
            server.start();
            System.out.println(baton.generation() + " listens on " + server.getAddress());
            baton.ready();
            System.out.println(baton.generation() + " ready");
            baton.awaitExit();
        }
    }

    /** Answers each number that comes, which has to be the next, and sends numbers of its own all the time. */
    private static final class Session implements WebSocket.Listener {
        private final int generation;

        // Guarded by this, and so is the output: one send at a time.
        private long received;
        private long sent;
        private boolean ticking;

        Session(int generation, long received, long sent) {
            this.generation = generation;
            this.received = received;
            this.sent = sent;
        }

        @Override
        public void onOpen(WebSocket webSocket) {
            webSocket.request(1);
            tick(webSocket);
        }

        /** Begins to send, if it is not being done; a send that is refused ends it. */
        synchronized void tick(WebSocket webSocket) {
            if (!ticking) {
                ticking = true;
                Thread.startVirtualThread(() -> {
                    try {
                        while (sendsNext(webSocket)) {
                            Thread.sleep(5);
                        }
                    } catch (CompletionException e) {
                        System.out.println("a tick failed: " + e);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
            }
        }

        /** False if the session is on its way to the next generation, which sends that number. */
        private synchronized boolean sendsNext(WebSocket webSocket) {
            try {
                webSocket
                        .sendText("tick " + (sent + 1) + " " + generation, true)
                        .join();
                sent++;
            } catch (CompletionException e) {
                if (!(e.getCause() instanceof WebSocketDrainingException)) {
                    throw e;
                }
                ticking = false;
            }
            return ticking;
        }

        @Override
        public synchronized @Nullable CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
            long number = Long.parseLong(data.toString());
            if (number != received + 1) {
                System.out.println("came " + number + " after " + received);
            }
            received = number;
            webSocket.sendText("echo " + number, true).join();
            webSocket.request(1);
            return null;
        }

        private synchronized byte[] save() {
            return ByteBuffer.allocate(2 * Long.BYTES)
                    .putLong(received)
                    .putLong(sent)
                    .array();
        }
    }

    private record Sessions(int generation) implements WebSocketMigration {
        @Override
        public String name() {
            return "numbers";
        }

        @Override
        public int version() {
            return VERSION;
        }

        @Override
        public Optional<byte[]> save(WebSocket.Listener listener) {
            return Optional.of(((Session) listener).save());
        }

        @Override
        public Optional<WebSocket.Listener> restore(int version, byte[] state) {
            if (version != VERSION) {
                return Optional.empty();
            }
            ByteBuffer in = ByteBuffer.wrap(state);
            return Optional.of(new Session(generation, in.getLong(), in.getLong()));
        }

        @Override
        public void resumed(WebSocket webSocket, WebSocket.Listener listener) {
            ((Session) listener).tick(webSocket);
        }

        @Override
        public void stayed(WebSocket webSocket, WebSocket.Listener listener) {
            ((Session) listener).tick(webSocket);
        }
    }
}
