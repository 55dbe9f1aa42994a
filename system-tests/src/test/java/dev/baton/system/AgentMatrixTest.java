package dev.baton.system;

import static dev.baton.system.UnmodifiedProgram.program;
import static dev.baton.system.UnmodifiedServer.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.UndoResult;
import dev.baton.testkit.Answer;
import dev.baton.testkit.Await;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.RunningLoad;
import dev.baton.testkit.Signals;
import dev.baton.testkit.StrictConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
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
     * @param closes whether the agent knows how to let it end persistent connections
     */
    private record Server(String name, UnmodifiedProgram program, boolean closes) {}

    /** In each build: one for each way to wait for connections, and what is used most. */
    private static final List<Server> SERVERS = List.of(
            new Server("JDK HttpServer", program("HttpServerProgram"), true),
            new Server("ServerSocket, virtual threads", program("SocketProgram", "virtual"), false),
            new Server("Netty 4.2, epoll", netty("epoll"), true),
            new Server("Tomcat 11, embedded", program("TomcatProgram").on("org.apache.tomcat"), true),
            new Server("Jetty 12.1, embedded", program("JettyProgram").on("org.eclipse.jetty", "org.slf4j"), true),
            new Server("Spring Boot 4, Tomcat", spring("org.apache.tomcat"), true));

    /** With {@code -Dbaton.matrix=full}, or where {@code baton.cells} names them. */
    private static final List<Server> MORE_SERVERS = List.of(
            new Server("ServerSocket, platform thread", program("SocketProgram", "platform"), false),
            new Server("ServerSocket with a timeout", program("SocketProgram", "timeout"), false),
            new Server("ServerSocket with a short timeout, virtual", program("SocketProgram", "hasty"), false),
            new Server("ServerSocketChannel, blocking", program("SocketProgram", "channel"), false),
            new Server("AsynchronousServerSocketChannel", program("SocketProgram", "asynchronous"), false),
            new Server("Netty 4.2, NIO", program("NettyProgram", "nio").on("io.netty"), true),
            new Server("Netty 4.2, io_uring", netty("io_uring"), true),
            new Server("Netty 4.2, epoll, 3 listeners", netty("epoll", "3"), true),
            new Server("Netty 4.2, io_uring, 3 listeners", netty("io_uring", "3"), true),
            new Server("Netty 4.1, epoll", netty("epoll-4.1").from("netty-4.1"), true));

    private static UnmodifiedProgram netty(String... arguments) {
        return program("NettyProgram", arguments).on("io.netty").withNativeAccess();
    }

    private static UnmodifiedProgram spring(String... server) {
        return program("SpringProgram").on(SPRING).on(server);
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
        row.put(
                trial,
                switch (trial) {
                    case FRESH -> restarts(server, own, LoadMode.newConnections());
                    case PERSISTENT ->
                        server.closes
                                ? restarts(server, own, LoadMode.persistent(Duration.ofMillis(5)))
                                : "cannot: nothing tells it to end a connection that is busy";
                    case SLOW -> slow(server, own);
                    case FAILING -> failing(server, own);
                    case UNDO -> undo(server, own);
                });
    }

    private static UnmodifiedServer start(Server server, Path own, String undoWindow) throws Exception {
        return UnmodifiedServer.start(own, server.program, "undo-window=" + undoWindow);
    }

    private static String restarts(Server server, Path own, LoadMode mode) throws Exception {
        try (UnmodifiedServer service = start(server, own, "0");
                RunningLoad load = service.load().mode(mode).connections(32).start()) {
            for (int i = 0; i < RESTARTS; i++) {
                load.awaitAnswers(500, SOON);
                service.restart();
                service.awaitOthersGone();
            }
            load.awaitAnswers(500, SOON);
            return verdict(load.stop(), RESTARTS + 1);
        }
    }

    private static String verdict(LoadReport report, int generations) {
        assertThat(report.failed())
                .as("%s: %s", report, report.failureSamples())
                .isZero();
        assertThat(report.generations()).as("every generation answered").hasSize(generations);
        return "0 of %,d".formatted(report.requests());
    }

    private static String slow(Server server, Path own) throws Exception {
        try (UnmodifiedServer service = start(server, own, "0")) {
            long old = service.publishedPid();
            // It ends with the answer; the old process would wait for it until the idle grace is over.
            try (StrictConnection connection = StrictConnection.open(service.address())) {
                connection.send(UnmodifiedServer.request("/slow"));
                service.child().awaitLine("slow", SOON);
                service.restart();
                assertThat(connection.receive(UnmodifiedServer.request("/slow"), SOON))
                        .isInstanceOfSatisfying(
                                Answer.class,
                                answer -> assertThat(answer.generation()).hasValue((int) old));
            }
            service.awaitOthersGone();
            return "0 of 1";
        }
    }

    private static String failing(Server server, Path own) throws Exception {
        try (UnmodifiedServer service = start(server, own, "0");
                RunningLoad load = service.load()
                        .mode(LoadMode.newConnections())
                        .connections(16)
                        .start()) {
            service.breakRelease();
            for (int i = 0; i < 2; i++) {
                load.awaitAnswers(100, SOON);
                int mark = service.child().mark();
                Signals.send(service.publishedPid(), "HUP");
                service.child().awaitLineAfter(mark, "the failure", line -> line.contains("restart failed"), SOON);
            }
            Files.delete(own.resolve("broken"));
            service.restart();
            load.awaitAnswers(100, SOON);
            return verdict(load.stop(), 2);
        }
    }

    /** Twice, so that what was undone is seen to be restartable; at the end only the first process lives. */
    private static String undo(Server server, Path own) throws Exception {
        try (UnmodifiedServer service = start(server, own, "60s");
                RunningLoad load = service.load()
                        .mode(LoadMode.newConnections())
                        .connections(16)
                        .start()) {
            long first = service.publishedPid();
            for (int i = 0; i < 2; i++) {
                load.awaitAnswers(500, SOON);
                service.restart();
                load.awaitAnswers(500, SOON);
                assertThat(service.control().undo()).isInstanceOf(UndoResult.Undone.class);
                Await.state("the first generation is published", SOON, () -> service.publishedPid() == first);
                service.awaitOthersGone();
            }
            load.awaitAnswers(500, SOON);
            LoadReport report = load.stop();
            assertThat(report.generations().entrySet().stream()
                            .max(Comparator.comparingLong(
                                    entry -> entry.getValue().lastNanos()))
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
