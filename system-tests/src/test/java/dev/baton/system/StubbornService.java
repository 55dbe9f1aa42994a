package dev.baton.system;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpHandlers;
import dev.baton.Baton;
import dev.baton.ListenAddress;
import dev.baton.http.BatonHttpServer;
import java.util.concurrent.Executors;

/**
 * A service with a handler that computes without end and without regard to interrupts: {@code StubbornService THREADS},
 * where THREADS says on what it runs, {@code virtual} threads or a {@code pool} of threads that are no daemons.
 */
final class StubbornService {
    private StubbornService() {}

    public static void main(String[] arguments) throws Exception {
        try (Baton baton = Baton.start()) {
            BatonHttpServer server = BatonHttpServer.create(ListenAddress.parse("127.0.0.1:0"));
            if (arguments[0].equals("pool")) {
                server.setExecutor(Executors.newFixedThreadPool(2));
            }
            server.createContext("/", HttpHandlers.of(200, Headers.of(), "ok"));
            server.createContext("/spin", exchange -> {
                System.out.println("spins for " + exchange.getRequestURI().getQuery());
                while (baton.generation() > 0) {
                    Thread.onSpinWait();
                }
            });
            server.start();
            System.out.println("1 listens on " + server.addresses().getFirst());
            baton.ready();
            baton.awaitExit();
        }
    }
}
