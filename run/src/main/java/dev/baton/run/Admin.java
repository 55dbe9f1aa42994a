package dev.baton.run;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;

/** Answers probes: {@code /livez} and {@code /readyz}, as Kubernetes calls them. Its own thread answers, one at a time. */
final class Admin implements AutoCloseable {
    private static final int OK = 200;
    private static final int NOT_FOUND = 404;
    private static final int UNAVAILABLE = 503;

    private final HttpServer server;

    private Admin(HttpServer server) {
        this.server = server;
    }

    static Admin start(String address, Published published) throws IOException {
        HttpServer server = HttpServer.create(parse(address), 0);
        server.createContext("/", exchange -> answer(exchange, published));
        server.start();
        return new Admin(server);
    }

    private static void answer(HttpExchange exchange, Published published) throws IOException {
        switch (exchange.getRequestURI().getPath()) {
            case "/livez" -> answer(exchange, OK, "live\n");
            case "/readyz" -> {
                boolean serving = published.isServing();
                answer(exchange, serving ? OK : UNAVAILABLE, serving ? "ready\n" : "not ready\n");
            }
            default -> answer(exchange, NOT_FOUND, "there are /livez and /readyz\n");
        }
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        try (exchange) {
            byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
            boolean head = exchange.getRequestMethod().equals("HEAD");
            exchange.sendResponseHeaders(status, head ? -1 : bytes.length);
            if (!head) {
                exchange.getResponseBody().write(bytes);
            }
        }
    }

    /** {@code HOST:PORT}, as the command line has checked. */
    static InetSocketAddress parse(String address) throws IOException {
        int colon = address.lastIndexOf(':');
        String host = address.substring(0, colon).replaceAll("[\\[\\]]", "");
        InetSocketAddress parsed = new InetSocketAddress(host, Integer.parseInt(address.substring(colon + 1)));
        if (parsed.isUnresolved()) {
            throw new UnknownHostException("the host is not known");
        }
        return parsed;
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
