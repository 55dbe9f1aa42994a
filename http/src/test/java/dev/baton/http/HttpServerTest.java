package dev.baton.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What the tests against a running server share: one server a test, on a real socket, closed after it. */
@Timeout(30)
@ExtendWith(LeakCheck.class)
abstract class HttpServerTest {
    @TempDir
    Path directory = Path.of("");

    private final List<RawClient> clients = new ArrayList<>();
    private @Nullable BatonHttpServer running;
    private @Nullable SocketAddress address;

    /** Starts a server over TCP with one context, "/". */
    BatonHttpServer serve(HttpHandler handler) throws IOException {
        return serve(Transport.TCP, HttpServerOptions.defaults(), handler);
    }

    BatonHttpServer serve(Transport transport, HttpServerOptions options, HttpHandler handler) throws IOException {
        BatonHttpServer server = BatonHttpServer.create(options);
        server.createContext("/", handler);
        return start(server, transport);
    }

    BatonHttpServer start(BatonHttpServer server, Transport transport) throws IOException {
        address = server.listen(transport.address(directory)).localAddress();
        server.start();
        running = server;
        return server;
    }

    SocketAddress address() {
        if (address == null) {
            throw new IllegalStateException("no server was started");
        }
        return address;
    }

    /** A client that is closed after the test. */
    RawClient connect() throws IOException {
        RawClient client = RawClient.connect(address());
        clients.add(client);
        return client;
    }

    RawClient connectWithSmallReceiveBuffer() throws IOException {
        RawClient client = RawClient.connectWithSmallReceiveBuffer(address());
        clients.add(client);
        return client;
    }

    static void answer(HttpExchange exchange, int status, String text) throws IOException {
        byte[] content = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, content.length == 0 ? -1 : content.length);
        try (var body = exchange.getResponseBody()) {
            body.write(content);
        }
    }

    @AfterEach
    void stop() throws IOException {
        for (RawClient client : clients) {
            client.close();
        }
        if (running != null) {
            running.stop(0);
        }
    }
}
