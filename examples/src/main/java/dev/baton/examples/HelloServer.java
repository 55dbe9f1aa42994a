package dev.baton.examples;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpHandlers;
import dev.baton.Baton;
import dev.baton.ListenAddress;
import dev.baton.http.BatonHttpServer;

/** Says hello on the address that it is given; restarts on SIGHUP without its clients noticing. */
public final class HelloServer {
    private HelloServer() {}

    /** {@code HelloServer [HOST:PORT]} */
    public static void main(String[] arguments) throws Exception {
        String address = arguments.length > 0 ? arguments[0] : "127.0.0.1:8080";
        try (Baton baton = Baton.start()) {
            BatonHttpServer server = BatonHttpServer.create(ListenAddress.parse(address));
            String greeting = "Hello from generation " + baton.generation() + "\n";
            server.createContext("/", HttpHandlers.of(200, Headers.of("Content-Type", "text/plain"), greeting));
            server.start();
            baton.ready();
            baton.awaitExit();
        }
    }
}
