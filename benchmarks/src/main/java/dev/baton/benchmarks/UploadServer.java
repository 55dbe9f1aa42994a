package dev.baton.benchmarks;

import com.sun.net.httpserver.HttpExchange;
import dev.baton.Baton;
import dev.baton.ListenAddress;
import dev.baton.http.BatonHttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;

/** Answers a request when it has read it whole, so that the client decides when; ends on SIGTERM when nothing is left. */
final class UploadServer {
    /** Printed when from now on every answer is the last of its connection. */
    static final String DRAINING = "draining";

    private UploadServer() {}

    /** {@code UploadServer}: prints its port, as {@link ContenderServer} does, and later {@link #DRAINING}. */
    public static void main(String[] arguments) throws Exception {
        try (Baton baton = Baton.start()) {
            BatonHttpServer server = BatonHttpServer.create(ListenAddress.parse("127.0.0.1:0"));
            server.createContext("/", UploadServer::answer);
            server.connections().onShutdown(_ -> System.out.println(DRAINING));
            server.start();
            baton.ready();
            System.out.println(ContenderServer.LISTENING
                    + ((InetSocketAddress) server.addresses().getFirst()).getPort());
            baton.awaitExit();
        }
    }

    private static void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            var _ = exchange.getRequestBody().readAllBytes();
            byte[] greeting = Greeting.bytes();
            exchange.sendResponseHeaders(200, greeting.length);
            exchange.getResponseBody().write(greeting);
        }
    }
}
