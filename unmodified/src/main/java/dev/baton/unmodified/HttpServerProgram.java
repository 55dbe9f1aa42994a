package dev.baton.unmodified;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;

/** On the JDK's own HTTP server: a non-blocking channel and a selector. */
final class HttpServerProgram {
    private HttpServerProgram() {}

    public static void main(String[] arguments) throws IOException {
        Answers.exitIfBroken();
        String host = arguments.length > 1 ? arguments[1] : "127.0.0.1";
        HttpServer server = HttpServer.create(new InetSocketAddress(host, Integer.parseInt(arguments[0])), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                Answers.work(exchange.getRequestURI().getPath());
                exchange.getResponseHeaders().set(Answers.HEADER, Answers.PID);
                exchange.sendResponseHeaders(200, Answers.BODY.length);
                exchange.getResponseBody().write(Answers.BODY);
            } catch (InterruptedException e) {
                throw new InterruptedIOException();
            }
        });
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
    }
}
