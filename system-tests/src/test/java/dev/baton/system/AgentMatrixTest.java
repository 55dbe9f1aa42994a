package dev.baton.system;

import static dev.baton.system.UnmodifiedProgram.program;
import static dev.baton.system.UnmodifiedServer.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.UndoResult;
import dev.baton.system.UnmodifiedClients.Load;
import dev.baton.system.UnmodifiedClients.Report;
import dev.baton.system.UnmodifiedClients.SlowRequest;
import dev.baton.testkit.Await;
import dev.baton.testkit.Signals;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Servers that know nothing of Baton, restarted by the agent: each of {@link #SERVERS} in each {@link Trial}. It prints a
 * table.
 */
class AgentMatrixTest {
    /** {@code -Dbaton.cells=REGEX}: to look at some cells alone, as they are named in the tests. */
    private static final String ONLY = System.getProperty("baton.cells", ".*");

    private static final int RESTARTS = 5;

    /** What a Spring Boot application needs besides its server. */
    private static final String[] SPRING = {
        "org.springframework",
        "org.apache.logging",
        "org.jspecify",
        "org.slf4j",
        "org.yaml",
        "ch.qos.logback",
        "com.fasterxml",
        "commons-logging",
        "io.micrometer",
        "jakarta.annotation",
        "tools.jackson"
    };

    private static final Map<String, Map<Trial, String>> TABLE = new ConcurrentHashMap<>();

    /**
     * A row.
     *
     * @param cannot what this server cannot do, and why
     */
    private record Server(
            String name, UnmodifiedProgram program, UnmodifiedClients clients, Map<Trial, String> cannot) {
        Server(String name, UnmodifiedProgram program) {
            this(name, program, new UnmodifiedHttpClients(), Map.of());
        }

        Server on(UnmodifiedClients others) {
            return new Server(name, program, others, cannot);
        }

        Server cannot(Trial trial, String why) {
            return new Server(name, program, clients, Map.of(trial, why));
        }

        /** Where either will do, on a connection for each request, if that is not what it cannot. */
        boolean fresh() {
            return !cannot.containsKey(Trial.FRESH);
        }
    }

    /** In each build: one for each way to wait for connections, and what is used most. */
    private static final List<Server> SERVERS = List.of(
            new Server("JDK HttpServer", program("HttpServerProgram")),
            byHand("ServerSocket, virtual threads", "virtual"),
            new Server("Netty 4.2, epoll", netty("epoll")),
            new Server("Tomcat 11, embedded", program("TomcatProgram").on("org.apache.tomcat")),
            new Server("Jetty 12.1, embedded", program("JettyProgram").on("org.eclipse.jetty", "org.slf4j")),
            new Server("Spring Boot 4, Tomcat", spring("SpringProgram", "org.apache.tomcat")));

    /** With {@code -Dbaton.matrix=full}, or where {@code baton.cells} names them. */
    private static final List<Server> MORE_SERVERS = List.of(
            byHand("ServerSocket, platform thread", "platform"),
            byHand("ServerSocket with a timeout", "timeout"),
            byHand("ServerSocket with a short timeout, virtual", "hasty"),
            byHand("ServerSocketChannel, blocking", "channel"),
            byHand("AsynchronousServerSocketChannel", "asynchronous"),
            new Server("Netty 4.2, NIO", program("NettyProgram", "nio").on("io.netty")),
            new Server("Netty 4.2, io_uring", netty("io_uring")),
            new Server("Netty 4.2, epoll, 3 listeners", netty("epoll", "3")),
            new Server("Netty 4.2, io_uring, 3 listeners", netty("io_uring", "3")),
            new Server("Netty 4.1, epoll", netty("epoll-4.1").from("netty-4.1")),
            new Server("Spring Boot 4, Jetty", spring("SpringProgram", "org.eclipse.jetty", "jakarta")),
            new Server(
                    "Spring Boot 4, Reactor Netty",
                    spring("SpringReactiveProgram", "io.projectreactor", "io.netty", "org.reactivestreams")
                            .withNativeAccess()),
            new Server("Vert.x 5, NIO", vertx("nio")),
            new Server("Vert.x 5, epoll", vertx("epoll").withNativeAccess()),
            new Server(
                    "Undertow 2.4",
                    program("UndertowProgram").on("io.undertow", "org.jboss", "org.wildfly", "io.smallrye")),
            new Server("Helidon 4.5", program("HelidonProgram").on("io.helidon"))
                    .cannot(Trial.FRESH, "cannot: does not close when asked to (helidon-io/helidon#12324)"),
            new Server(
                            "gRPC-Java, Netty",
                            program("GrpcProgram")
                                    .on("io.grpc", "com.google", "io.perfmark")
                                    .withNativeAccess())
                    .on(new UnmodifiedGrpcClients()));

    private static Server byHand(String name, String way) {
        return new Server(name, program("SocketProgram", way))
                .cannot(Trial.PERSISTENT, "cannot: nothing tells it to end a connection that is busy");
    }

    private static UnmodifiedProgram netty(String... arguments) {
        return program("NettyProgram", arguments).on("io.netty").withNativeAccess();
    }

    private static UnmodifiedProgram spring(String main, String... server) {
        return program(main).on(SPRING).on(server);
    }

    private static UnmodifiedProgram vertx(String transport) {
        return program("VertxProgram", transport).on("io.vertx", "io.netty", "com.fasterxml");
    }

    private enum Trial {
        FRESH("5 restarts, new connections"),
        PERSISTENT("5 restarts, persistent, 5 ms"),
        SLOW("3 s request in flight"),
        FAILING("failing successor"),
        UNDO("undo");

        private final String title;

        Trial(String title) {
            this.title = title;
        }
    }

    @TempDir
    private static Path directory;

    @TestFactory
    Stream<DynamicTest> noConnectionIsRefusedAndNoRequestIsLost() {
        boolean all = System.getProperty("baton.matrix", "").equals("full") || !ONLY.equals(".*");
        return Stream.concat(SERVERS.stream(), all ? MORE_SERVERS.stream() : Stream.empty())
                .flatMap(server -> Stream.of(Trial.values())
                        .filter(trial -> (server.name + ": " + trial.title).matches(ONLY))
                        .map(trial ->
                                DynamicTest.dynamicTest(server.name + ": " + trial.title, () -> run(server, trial))));
    }

    private static void run(Server server, Trial trial) throws Exception {
        Map<Trial, String> row = TABLE.computeIfAbsent(server.name, _ -> new ConcurrentHashMap<>());
        row.put(trial, "FAILED");
        Path own = Files.createTempDirectory(directory, "cell");
        String cannot = server.cannot.get(trial);
        row.put(
                trial,
                cannot != null
                        ? cannot
                        : switch (trial) {
                            case FRESH -> restarts(server, own, true);
                            case PERSISTENT -> restarts(server, own, false);
                            case SLOW -> slow(server, own);
                            case FAILING -> failing(server, own);
                            case UNDO -> undo(server, own);
                        });
    }

    /** With a machine that other builds use too in mind: a start of seconds may take a minute. */
    private static UnmodifiedServer start(Server server, Path own, String undoWindow) throws Exception {
        return UnmodifiedServer.start(own, server.program, "undo-window=" + undoWindow, "ready-timeout=3m");
    }

    private static String restarts(Server server, Path own, boolean fresh) throws Exception {
        try (UnmodifiedServer service = start(server, own, "0");
                Load load = server.clients.start(service.address(), fresh, 32)) {
            for (int i = 0; i < RESTARTS; i++) {
                load.awaitAnswers(500);
                service.restart();
                service.awaitOthersGone();
            }
            load.awaitAnswers(500);
            return verdict(load.stop(), RESTARTS + 1);
        }
    }

    private static String verdict(Report report, int generations) {
        assertThat(report.failed()).as("%s", report).isZero();
        assertThat(report.lastAnswers()).as("every generation answered").hasSize(generations);
        return "0 of %,d".formatted(report.requests());
    }

    private static String slow(Server server, Path own) throws Exception {
        try (UnmodifiedServer service = start(server, own, "0")) {
            long old = service.publishedPid();
            // It ends with the answer; the old process would wait for it until the idle grace is over.
            try (SlowRequest request = server.clients.slow(service.address())) {
                service.child().awaitLine("slow", SOON);
                service.restart();
                assertThat(request.answerer()).isEqualTo((int) old);
            }
            service.awaitOthersGone();
            return "0 of 1";
        }
    }

    private static String failing(Server server, Path own) throws Exception {
        try (UnmodifiedServer service = start(server, own, "0");
                Load load = server.clients.start(service.address(), server.fresh(), 16)) {
            service.breakRelease();
            for (int i = 0; i < 2; i++) {
                load.awaitAnswers(100);
                int mark = service.child().mark();
                Signals.send(service.publishedPid(), "HUP");
                service.child().awaitLineAfter(mark, "the failure", line -> line.contains("restart failed"), SOON);
            }
            Files.delete(own.resolve("broken"));
            service.restart();
            load.awaitAnswers(100);
            return verdict(load.stop(), 2);
        }
    }

    /** Twice, so that what was undone is seen to be restartable; at the end only the first process lives. */
    private static String undo(Server server, Path own) throws Exception {
        try (UnmodifiedServer service = start(server, own, "60s");
                Load load = server.clients.start(service.address(), server.fresh(), 16)) {
            long first = service.publishedPid();
            for (int i = 0; i < 2; i++) {
                load.awaitAnswers(500);
                service.restart();
                load.awaitAnswers(500);
                assertThat(service.control().undo()).isInstanceOf(UndoResult.Undone.class);
                Await.state("the first generation is published", SOON, () -> service.publishedPid() == first);
                service.awaitOthersGone();
            }
            load.awaitAnswers(500);
            Report report = load.stop();
            assertThat(report.lastAnswers().entrySet().stream()
                            .max(Map.Entry.comparingByValue())
                            .map(Map.Entry::getKey))
                    .as("who answers last")
                    .hasValue((int) first);
            return verdict(report, 3);
        }
    }

    @AfterAll
    static void print() {
        List<List<String>> rows = new ArrayList<>();
        rows.add(Stream.concat(
                        Stream.of("failed requests"), Stream.of(Trial.values()).map(trial -> trial.title))
                .toList());
        new TreeMap<>(TABLE)
                .forEach((name, cells) -> rows.add(Stream.concat(
                                Stream.of(name), Stream.of(Trial.values()).map(trial -> cells.getOrDefault(trial, "-")))
                        .toList()));
        rows.forEach(row -> System.out.println(row.stream().collect(Collectors.joining(" | ", "| ", " |"))));
    }
}
