package dev.baton.unmodified;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Listens before it can serve, and answers 503 until then: {@code ReadyProgram PORT health} can when it has been asked for
 * {@code /health} three times, and never if there is a file {@code unwell}; {@code ReadyProgram PORT says} tells the agent,
 * and nobody else, a second after it listens.
 */
final class ReadyProgram {
    private static final int QUESTIONS = 3;
    private static final long WARM_UP_MILLIS = 1_000;

    private static final AtomicInteger questions = new AtomicInteger();
    private static volatile boolean warm;

    private ReadyProgram() {}

    public static void main(String[] arguments) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])), 0);
        server.createContext("/", exchange -> answer(exchange, warm));
        server.createContext("/health", exchange -> {
            warm = questions.incrementAndGet() > QUESTIONS && !Files.exists(Path.of("unwell"));
            if (warm) {
                System.out.println("well, says " + exchange.getRequestHeaders().getFirst("Host"));
            }
            answer(exchange, warm);
        });
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
        if (arguments[1].equals("says")) {
            Thread.sleep(WARM_UP_MILLIS);
            warm = true;
            System.out.println("warm");
            Class.forName("dev.baton.agent.premain.Program").getMethod("ready").invoke(null);
        }
    }

    private static void answer(HttpExchange exchange, boolean well) throws IOException {
        try (exchange) {
            exchange.getResponseHeaders().set(Answers.HEADER, Answers.PID);
            exchange.sendResponseHeaders(well ? 200 : 503, Answers.BODY.length);
            exchange.getResponseBody().write(Answers.BODY);
        }
    }
}
