package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Answer;
import dev.baton.testkit.Await;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Guarantee 5 for particular connections; {@link HalfwayTest} has what a request can be in the middle of. */
class MovedConnectionsTest {
    private static final int PIPELINING = 20;
    private static final int DEPTH = 10;

    @TempDir
    private Path directory;

    /** The header comes once, at the connection's beginning: what it has said must move too. */
    @Test
    void theAddressThatAProxyHasNamedMovesWithTheConnection() throws Exception {
        try (RunningService service = RunningService.start(directory, List.of(Service.PROXY_PROTOCOL, "true"));
                StrictConnection idle = StrictConnection.open(service.address());
                StrictConnection silent = StrictConnection.open(service.address());
                StrictConnection halfHeader = StrictConnection.open(service.address())) {
            String header = "PROXY TCP4 203.0.113.7 198.51.100.9 40000 80\r\n";
            write(idle, header);
            assertThat(peer(idle, 1)).isEqualTo("/203.0.113.7:40000");
            write(silent, header);
            write(halfHeader, header.substring(0, 20));
            service.hup();
            service.awaitSwitch(2);
            write(halfHeader, header.substring(20));
            int answeredHalf = generation(halfHeader);
            service.awaitEnd(1);
            assertThat(peer(idle, 2)).isEqualTo("/203.0.113.7:40000");
            assertThat(peer(silent, 2)).isEqualTo("/203.0.113.7:40000");
            assertThat(peer(halfHeader, 2)).isEqualTo("/203.0.113.7:40000");
            System.out.println("half a PROXY header: the rest was read by generation " + answeredHalf);
        }
    }

    private static void write(StrictConnection connection, String text) throws Exception {
        connection.write(text.getBytes(StandardCharsets.UTF_8));
    }

    private static Answer ask(StrictConnection connection) throws Exception {
        Request request = RunningService.request("/who");
        connection.send(request);
        Answer answer = (Answer) connection.receive(request, SOON);
        assertThat(answer.announcesClose()).isFalse();
        return answer;
    }

    private static int generation(StrictConnection connection) throws Exception {
        return ask(connection).generation().orElseThrow();
    }

    private static String peer(StrictConnection connection, int generation) throws Exception {
        Answer answer = ask(connection);
        assertThat(answer.generation()).hasValue(generation);
        return answer.header(Endpoints.PEER_HEADER).orElseThrow();
    }

    /** A connection that asks for the move while its response is on its way, or its client silent for long, is no exception. */
    @Test
    void theOldProcessEndsAlthoughNoClientSaysAWord() throws Exception {
        try (RunningService service = RunningService.startWithAllTransports(directory, List.of())) {
            Set<Long> others = ProcFs.socketInodes(service.child().pid());
            List<StrictConnection> silent = new ArrayList<>();
            for (Transport transport : Transport.values()) {
                for (int i = 0; i < 50; i++) {
                    silent.add(transport.open(service));
                    StrictConnection idle = transport.open(service);
                    assertThat(generation(idle)).isEqualTo(1);
                    silent.add(idle);
                }
            }
            ServerEnds ends = ServerEnds.since(others, service.child().pid());
            assertThat(ends.inodes()).hasSize(silent.size());
            service.restart(2);
            assertThat(ends.heldBy(service.pid(2))).isEqualTo(silent.size());
            service.restart(3);
            for (StrictConnection connection : silent) {
                assertThat(generation(connection)).isEqualTo(3);
                connection.close();
            }
            Await.state("the new process has seen their ends", SOON, () -> ends.heldBy(service.pid(3)) == 0);
        }
    }

    /** Ten requests in one write, again and again: what has begun is answered by the old process, the rest by the new one. */
    @Test
    void pipelinedRequestsAreAnsweredInOrderAndExecutedOnce() throws Exception {
        Path log = directory.resolve("log");
        AtomicInteger lines = new AtomicInteger();
        AtomicBoolean stopped = new AtomicBoolean();
        AtomicInteger shared = new AtomicInteger();
        try (RunningService service = RunningService.startWithAllTransports(directory, List.of());
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<Void>> clients = new ArrayList<>();
            for (Transport transport : Transport.values()) {
                for (int i = 0; i < PIPELINING / 2; i++) {
                    StrictConnection connection = transport.open(service);
                    clients.add(CompletableFuture.runAsync(
                            () -> pipeline(connection, log, lines, shared, stopped), threads));
                }
            }
            try {
                for (int next = 2; next <= 4; next++) {
                    int goal = lines.get() + 2_000;
                    Await.state("requests are answered", SOON, () -> lines.get() >= goal || anyFailed(clients));
                    service.restart(next);
                }
            } finally {
                stopped.set(true);
            }
            for (CompletableFuture<Void> client : clients) {
                Await.event("a client's end", client, SOON);
            }
            System.out.println(lines + " pipelined requests on " + PIPELINING + " connections over 3 restarts; "
                    + shared + " writes of " + DEPTH + " were answered by two processes");
            PostedLines.assertEachOnce(log, lines.get());
        }
    }

    private static boolean anyFailed(List<CompletableFuture<Void>> clients) {
        return clients.stream().anyMatch(CompletableFuture::isCompletedExceptionally);
    }

    private static void pipeline(
            StrictConnection connection, Path log, AtomicInteger lines, AtomicInteger shared, AtomicBoolean stopped) {
        int generation = 1;
        try (connection) {
            while (!stopped.get()) {
                int first = lines.getAndAdd(DEPTH);
                StringBuilder requests = new StringBuilder();
                for (int number = first; number < first + DEPTH; number++) {
                    String line = number + "\n";
                    requests.append(Scene.head("POST /count/" + number + "?" + log, "Content-Length: " + line.length()))
                            .append(line);
                }
                write(connection, requests.toString());
                int before = 0;
                for (int number = first; number < first + DEPTH; number++) {
                    byte[] body = ("/count/" + number).getBytes(StandardCharsets.UTF_8);
                    Answer answer = (Answer) connection.receive(Request.get("/", ExpectedBody.bytes(body)), SOON);
                    assertThat(answer.announcesClose()).isFalse();
                    int by = answer.generation().orElseThrow();
                    assertThat(by).as("after generation %d", generation).isGreaterThanOrEqualTo(generation);
                    if (before != 0 && by != before) {
                        shared.incrementAndGet();
                    }
                    generation = by;
                    before = by;
                }
            }
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
