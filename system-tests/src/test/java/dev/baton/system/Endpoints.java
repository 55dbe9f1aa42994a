package dev.baton.system;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.baton.testkit.Await;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;

/**
 * What the {@link Service} answers; every answer names the generation. A query is one path, of the file to wait for or to
 * write into, or two with {@code &} between them, in this order.
 */
final class Endpoints {
    /** The body of {@code /streaming}, in two pieces. */
    static final String FIRST_HALF = "the first half, ";

    static final String SECOND_HALF = "and the second";

    /** Names the process that answers. */
    static final String PID_HEADER = "Service-Pid";

    /** Says where the connection comes from, as far as this process knows: the proxy's port, or whom a proxy names. */
    static final String PEER_HEADER = "Service-Peer";

    private static final String PID = String.valueOf(ProcessHandle.current().pid());
    private static final Duration GATE_TIMEOUT = Duration.ofSeconds(60);
    static final Duration STREAM_PERIOD = Duration.ofMillis(20);

    private final int generation;

    Endpoints(int generation) {
        this.generation = generation;
    }

    void addTo(HttpServer server) {
        server.createContext("/", answering(_ -> {}));
        server.createContext("/count", answering(exchange -> append(exchange, 0)));
        server.createContext("/when", answering(this::awaitGate));
        server.createContext("/when/count", answering(exchange -> {
            awaitGate(exchange);
            append(exchange, 1);
        }));
        server.createContext("/when/throw", exchange -> {
            awaitGate(exchange);
            throw new IllegalStateException("thrown before the head");
        });
        server.createContext("/streaming", exchange -> streamAround(exchange, () -> {}));
        server.createContext(
                "/streaming/throw",
                exchange -> streamAround(exchange, () -> {
                    throw new IllegalStateException("thrown after the head");
                }));
        server.createContext("/later", this::answerLater);
        server.createContext("/spin", this::spin);
        server.createContext("/refuse", this::refuse);
        server.createContext("/bytes", this::sendBytes);
        server.createContext("/sha256", this::digest);
        server.createContext("/clock", this::tick);
    }

    /** Answers with the path, after something else. */
    private HttpHandler answering(HttpHandler before) {
        return exchange -> {
            try (exchange) {
                before.handle(exchange);
                answerPath(exchange);
            }
        };
    }

    private void answerPath(HttpExchange exchange) throws IOException {
        answer(exchange, 200, exchange.getRequestURI().getPath());
    }

    private void answer(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        begin(exchange, status, body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    private void begin(HttpExchange exchange, int status, long length) throws IOException {
        exchange.getResponseHeaders().set("Baton-Generation", String.valueOf(generation));
        exchange.getResponseHeaders().set(PID_HEADER, PID);
        exchange.getResponseHeaders().set(PEER_HEADER, String.valueOf(exchange.getRemoteAddress()));
        exchange.sendResponseHeaders(status, length);
    }

    /** Appends the request's body to a file: what is executed twice is there twice. */
    private void append(HttpExchange exchange, int argument) throws IOException {
        byte[] line = exchange.getRequestBody().readAllBytes();
        Files.write(argument(exchange, argument), line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private void streamAround(HttpExchange exchange, Runnable then) throws IOException {
        begin(exchange, 200, 0);
        OutputStream out = exchange.getResponseBody();
        out.write(FIRST_HALF.getBytes(StandardCharsets.UTF_8));
        out.flush();
        awaitGate(exchange);
        then.run();
        out.write(SECOND_HALF.getBytes(StandardCharsets.UTF_8));
        exchange.close(); // Not in a finally: it would complete a response whose handler has thrown.
    }

    /** The handler returns at once, and another thread answers. */
    private void answerLater(HttpExchange exchange) {
        Thread.ofVirtual().start(() -> {
            try (exchange) {
                awaitGate(exchange);
                answerPath(exchange);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** Keeps a processor busy for ever, whoever interrupts. */
    private void spin(HttpExchange exchange) {
        announce(exchange);
        while (true) {
            Thread.onSpinWait();
        }
    }

    /** Answers without a look at the request's body. */
    private void refuse(HttpExchange exchange) throws IOException {
        announce(exchange);
        try (exchange) {
            answer(exchange, 401, "no ".repeat(1_000));
        }
    }

    /** As many of {@link TestBytes} as the query says. */
    private void sendBytes(HttpExchange exchange) throws IOException {
        announce(exchange);
        int length = Integer.parseInt(exchange.getRequestURI().getQuery());
        try (exchange) {
            begin(exchange, 200, length);
            exchange.getResponseBody().write(TestBytes.of(length));
        }
    }

    private void digest(HttpExchange exchange) throws IOException {
        announce(exchange);
        try (exchange) {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            try (InputStream body = new DigestInputStream(exchange.getRequestBody(), sha256)) {
                body.transferTo(OutputStream.nullOutputStream());
            }
            answer(exchange, 200, HexFormat.of().formatHex(sha256.digest()));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    /** A line with its number every 20 ms, as many as the query says. */
    private void tick(HttpExchange exchange) throws IOException {
        announce(exchange);
        int lines = Integer.parseInt(exchange.getRequestURI().getQuery());
        try (exchange) {
            begin(exchange, 200, 0);
            OutputStream out = exchange.getResponseBody();
            long begun = System.nanoTime();
            for (int i = 0; i < lines; i++) {
                Pace.until(begun, STREAM_PERIOD.multipliedBy(i));
                out.write((i + "\n").getBytes(StandardCharsets.UTF_8));
                out.flush();
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private void announce(HttpExchange exchange) {
        System.out.println(generation + " handles " + exchange.getRequestURI());
    }

    private void awaitGate(HttpExchange exchange) throws IOException {
        announce(exchange);
        awaitFile(argument(exchange, 0));
    }

    static void awaitFile(Path file) throws IOException {
        try {
            Await.state("the file " + file + " appears", GATE_TIMEOUT, () -> Files.exists(file));
        } catch (Exception e) {
            throw new IOException(e);
        }
    }

    private static Path argument(HttpExchange exchange, int index) {
        return Path.of(exchange.getRequestURI().getQuery().split("&", -1)[index]);
    }
}
