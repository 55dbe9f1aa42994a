package dev.baton.system;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.baton.Baton;
import dev.baton.ListenAddress;
import dev.baton.http.BatonHttpServer;
import dev.baton.testkit.Await;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * The service of these tests: {@code Service SCRIPT ADDRESS...}. Every generation reads from the file SCRIPT what it is to
 * do before it is ready, because all have the same command line.
 */
final class Service {
    private Service() {}

    public static void main(String[] arguments) throws Exception {
        String[] script = Files.readString(Path.of(arguments[0])).strip().split(" ", 0);
        try (Baton baton = Baton.start()) {
            BatonHttpServer server = BatonHttpServer.create();
            for (int i = 1; i < arguments.length; i++) {
                server.listen(ListenAddress.parse(arguments[i]));
            }
            server.createContext("/", answering(baton, _ -> {}));
            server.createContext("/count", answering(baton, exchange -> append(exchange)));
            server.createContext("/when", answering(baton, exchange -> {
                System.out.println(baton.generation() + " handles " + exchange.getRequestURI());
                awaitFile(Path.of(exchange.getRequestURI().getQuery()));
            }));
            server.start();
            for (var address : server.addresses()) {
                System.out.println(baton.generation() + " listens on " + address);
            }
            switch (script[0]) {
                case "crash" -> throw new IllegalStateException("this release is broken");
                case "exit" -> System.exit(Integer.parseInt(script[1]));
                case "hang" -> new CompletableFuture<>().join();
                case "when" -> {
                    System.out.println(baton.generation() + " waits");
                    awaitFile(Path.of(script[1]));
                }
                default -> {}
            }
            baton.ready();
            System.out.println(baton.generation() + " ready");
            baton.awaitExit();
        }
    }

    private static HttpHandler answering(Baton baton, HttpHandler before) {
        return exchange -> {
            try (exchange) {
                before.handle(exchange);
                byte[] body = exchange.getRequestURI().getPath().getBytes(StandardCharsets.UTF_8);
                exchange.getResponseHeaders().set("Baton-Generation", String.valueOf(baton.generation()));
                exchange.sendResponseHeaders(200, body.length);
                try (OutputStream out = exchange.getResponseBody()) {
                    out.write(body);
                }
            }
        };
    }

    /** Appends the request's body to the file of the query: what is executed twice is there twice. */
    private static void append(HttpExchange exchange) throws IOException {
        byte[] line = exchange.getRequestBody().readAllBytes();
        Files.write(
                Path.of(exchange.getRequestURI().getQuery()),
                line,
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }

    private static void awaitFile(Path file) throws IOException {
        try {
            Await.state("the file " + file + " appears", Duration.ofSeconds(60), () -> Files.exists(file));
        } catch (Exception e) {
            throw new IOException(e);
        }
    }
}
