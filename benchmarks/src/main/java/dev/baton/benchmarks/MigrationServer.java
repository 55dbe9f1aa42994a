package dev.baton.benchmarks;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpHandlers;
import dev.baton.Baton;
import dev.baton.ListenAddress;
import dev.baton.drain.ConnectionState;
import dev.baton.http.BatonHttpServer;
import dev.baton.http.HttpServerOptions;
import dev.baton.testkit.Load;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * A generation of the service that is restarted: gives the greeting, and says by the clock of {@link System#nanoTime()},
 * which all processes of a machine share, when it began to accept and when its connections had come.
 */
final class MigrationServer {
    /** {@code GENERATION SERVES NANOS}: from then on it accepts. */
    static final String SERVES = " serves at ";

    /** {@code GENERATION ACCEPTED NANOS}: the number of connections that was given have been accepted. */
    static final String ACCEPTED = " has accepted them at ";

    /** {@code GENERATION TOOK NANOS}: so many have come from the generation before. */
    static final String TOOK = " has taken them at ";

    /** {@code GENERATION PROCESS PID PORT}: it is about to be ready. */
    static final String PROCESS = " is process ";

    /** Kept, because the JDK holds loggers weakly. */
    private static final Logger STEPS = Logger.getLogger("dev.baton.step");

    private MigrationServer() {}

    /** {@code MigrationServer CONNECTIONS WARMTH}: every so many connections that come are worth a line. */
    public static void main(String[] arguments) throws Exception {
        int connections = Integer.parseInt(arguments[0]);
        HttpServerOptions options = HttpServerOptions.builder()
                .warmUp(Warmth.valueOf(arguments[1]).warmUp())
                .build();
        try (Baton baton = Baton.start()) {
            int generation = baton.generation();
            announceServing(generation);
            BatonHttpServer server = BatonHttpServer.create(options);
            var _ = server.listen(ListenAddress.parse("127.0.0.1:0"));
            Headers headers = Headers.of(
                    "Content-Type", Greeting.CONTENT_TYPE, Load.GENERATION_HEADER, Integer.toString(generation));
            server.createContext("/", HttpHandlers.of(200, headers, Greeting.TEXT));
            announceConnections(server, connections, generation);
            server.start();
            int port = ((InetSocketAddress) server.addresses().getFirst()).getPort();
            System.out.println(generation + PROCESS + ProcessHandle.current().pid() + " " + port);
            baton.ready();
            baton.awaitExit();
        }
    }

    private static void announceServing(int generation) {
        STEPS.setLevel(Level.FINE);
        STEPS.setUseParentHandlers(false);
        STEPS.addHandler(new Handler() {
            @Override
            public void publish(LogRecord step) {
                if ("SERVING".equals(step.getMessage())) {
                    System.out.println(generation + SERVES + System.nanoTime());
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        });
    }

    /** A connection whose first state is another than NEW has served requests in another process. */
    private static void announceConnections(BatonHttpServer server, int connections, int generation) {
        AtomicInteger accepted = new AtomicInteger();
        AtomicInteger taken = new AtomicInteger();
        server.connections().onStateChange((_, from, to) -> {
            if (from == to) {
                boolean isNew = to == ConnectionState.NEW;
                if ((isNew ? accepted : taken).incrementAndGet() % connections == 0) {
                    System.out.println(generation + (isNew ? ACCEPTED : TOOK) + System.nanoTime());
                }
            }
        });
    }
}
