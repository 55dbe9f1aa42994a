package dev.baton.system;

import dev.baton.Baton;
import dev.baton.ListenAddress;
import dev.baton.drain.DrainOptions;
import dev.baton.drain.IdlePolicy;
import dev.baton.http.BatonHttpServer;
import dev.baton.http.HttpServerOptions;
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

    private Service() {}

    public static void main(String[] arguments) throws Exception {
        String[] script = Files.readString(Path.of(arguments[0])).strip().split(" ", 0);
        try (Baton baton = Baton.start()) {
            BatonHttpServer server = BatonHttpServer.create(httpOptions(), drainOptions());
            for (int i = 1; i < arguments.length; i++) {
                server.listen(ListenAddress.parse(arguments[i]));
            }
            new Endpoints(baton.generation()).addTo(server);
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
                    Endpoints.awaitFile(Path.of(script[1]));
                }
                default -> {}
            }
            baton.ready();
            System.out.println(baton.generation() + " ready");
            baton.awaitExit();
        }
    }

    private static HttpServerOptions httpOptions() {
        HttpServerOptions.Builder options = HttpServerOptions.builder();
        variable(HEAD_TIMEOUT).map(Duration::parse).ifPresent(options::headTimeout);
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
