package dev.baton.system;

import dev.baton.testkit.Http2Client;
import dev.baton.testkit.Http2Frame;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Clients of HTTP/2 that keep many streams open, as the protocol allows and no further: after a GOAWAY a client opens none
 * on that connection, reads the answers of those that are open, and goes on with a new connection. It sends no request
 * again.
 */
final class Http2Load implements AutoCloseable {
    private static final int STREAMS = 20;

    private final InetSocketAddress address;
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final CompletableFuture<?>[] clients;

    final AtomicInteger answered = new AtomicInteger();
    /** Streams above the last that a GOAWAY has named: a client may send them again, but should not have to. */
    final AtomicInteger refused = new AtomicInteger();
    /** Streams of which nobody knows what became. */
    final AtomicInteger lost = new AtomicInteger();

    final AtomicInteger connections = new AtomicInteger();

    Http2Load(InetSocketAddress address, int clients) {
        this.address = address;
        this.clients = new CompletableFuture<?>[clients];
        for (int i = 0; i < clients; i++) {
            CompletableFuture<Void> done = new CompletableFuture<>();
            this.clients[i] = done;
            Thread.ofVirtual().start(() -> {
                try {
                    while (!stopped.get()) {
                        connection();
                    }
                    done.complete(null);
                } catch (IOException | RuntimeException | Error e) {
                    done.completeExceptionally(e);
                }
            });
        }
    }

    private void connection() throws IOException {
        try (Http2Client client = Http2Client.connect(address).preface()) {
            connections.incrementAndGet();
            Set<Integer> open = new HashSet<>();
            while (true) {
                while (!stopped.get() && client.goAways().isEmpty() && open.size() < STREAMS) {
                    open.add(client.get("/hello"));
                }
                if (open.isEmpty()) {
                    return;
                }
                Optional<Http2Frame> frame = client.read();
                if (frame.isEmpty()) {
                    count(client, open);
                    return;
                }
                int stream = frame.get().stream();
                boolean ends =
                        frame.get().type() == Http2Frame.DATA && frame.get().has(Http2Frame.END_STREAM);
                if (ends && client.soFar(stream).text().equals("/hello")) {
                    open.remove(stream);
                    answered.incrementAndGet();
                }
            }
        }
    }

    private void count(Http2Client client, Set<Integer> open) {
        int last = client.goAways().isEmpty()
                ? Integer.MAX_VALUE
                : client.goAways().getLast().lastStream();
        for (int stream : open) {
            (stream > last ? refused : lost).incrementAndGet();
        }
    }

    /** Ends when all that is open is answered; fails with the first client that failed. */
    void stop() {
        stopped.set(true);
        CompletableFuture.allOf(clients).join();
    }

    @Override
    public void close() {
        stopped.set(true);
    }

    @Override
    public String toString() {
        return answered + " answered on " + connections + " connections, " + refused + " refused, " + lost + " lost";
    }
}
