package dev.baton.system;

import com.sun.net.httpserver.HttpExchange;
import dev.baton.Baton;
import dev.baton.ListenAddress;
import dev.baton.UndoResult;
import dev.baton.drain.DrainOptions;
import dev.baton.drain.IdlePolicy;
import dev.baton.http.BatonHttpServer;
import dev.baton.http.HttpServerOptions;
import dev.baton.testkit.StrictConnection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The service of these tests: {@code Service SCRIPT ADDRESS...}. Every generation reads from the file SCRIPT what it is to
 * do before it is ready, because all have the same command line. {@link Endpoints} is what it answers.
 */
final class Service {
    /** Variables of the environment with other than the default options. */
    static final String HEAD_TIMEOUT = "SERVICE_HEAD_TIMEOUT";

    static final String IDLE_POLICY = "SERVICE_IDLE_POLICY";
    static final String IDLE_GRACE = "SERVICE_IDLE_GRACE";

    /** Whether every connection begins with a header of the PROXY protocol. */
    static final String PROXY_PROTOCOL = "SERVICE_PROXY_PROTOCOL";

    /** The file of a {@link Strike}'s order; nothing is struck if the variable is not set. */
    static final String STRIKE = "SERVICE_STRIKE";

    /** Whether to answer a request, to itself, before Baton is started: the first one takes a cold JVM long. */
    static final String WARM_UP = "SERVICE_WARM_UP";

    private Service() {}

    public static void main(String[] arguments) throws Exception {
        String[] script = Files.readString(Path.of(arguments[0])).strip().split(" ", 0);
        variable(STRIKE).map(Path::of).ifPresent(Strike::arm);
        if (variable(WARM_UP).isPresent()) {
            warmUp();
        }
        try (Baton baton = Baton.start()) {
            BatonHttpServer server = BatonHttpServer.create(httpOptions(), drainOptions());
            for (int i = 1; i < arguments.length; i++) {
                server.listen(ListenAddress.parse(arguments[i]));
            }
            new Endpoints(baton.generation()).addTo(server);
            server.createContext("/undo", exchange -> undo(baton, exchange));
            server.createContext("/collect", Service::collect);
            server.start();
            for (var address : server.addresses()) {
                System.out.println(baton.generation() + " listens on " + address);
            }
            obey(script, baton.generation());
            baton.ready();
            System.out.println(baton.generation() + " ready");
            baton.awaitExit();
        }
    }

    /** Does what the script says is done before a generation is ready. */
    static void obey(String[] script, int generation) throws IOException {
        switch (script[0]) {
            case "crash" -> throw new IllegalStateException("this release is broken");
            case "exit" -> System.exit(Integer.parseInt(script[1]));
            case "hang" -> new CompletableFuture<>().join();
            case "when" -> {
                System.out.println(generation + " waits");
                Endpoints.awaitFile(Path.of(script[1]));
            }
            default -> {}
        }
    }

    private static void warmUp() throws IOException {
        BatonHttpServer server = BatonHttpServer.create(ListenAddress.parse("127.0.0.1:0"));
        new Endpoints(0).addTo(server);
        server.start();
        var _ = StrictConnection.exchange(
                server.addresses().getFirst(), RunningService.request("/warm"), RunningService.SOON);
        var _ = server.close();
    }

    /** Answers, and then asks for an undo until the parent has said that it can come back. */
    private static void undo(Baton baton, HttpExchange exchange) throws IOException {
        exchange.sendResponseHeaders(200, -1);
        exchange.close();
        while (baton.undo().join() instanceof UndoResult.NothingToUndo) {
            Thread.onSpinWait();
        }
    }

    /** Answers when garbage is collected. */
    private static void collect(HttpExchange exchange) throws IOException {
        System.gc();
        exchange.sendResponseHeaders(200, -1);
        exchange.close();
    }

    private static HttpServerOptions httpOptions() {
        HttpServerOptions.Builder options = HttpServerOptions.builder();
        variable(HEAD_TIMEOUT).map(Duration::parse).ifPresent(options::headTimeout);
        variable(PROXY_PROTOCOL).map(Boolean::valueOf).ifPresent(options::proxyProtocol);
        return options.build();
    }

    private static DrainOptions drainOptions() {
        DrainOptions.Builder options = DrainOptions.builder();
        variable(IDLE_POLICY).map(IdlePolicy::valueOf).ifPresent(options::idlePolicy);
        variable(IDLE_GRACE).map(Duration::parse).ifPresent(options::idleGrace);
        return options.build();
    }

    private static Optional<String> variable(String name) {
        return Optional.ofNullable(System.getenv(name));
    }
}
