package dev.baton.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import dev.baton.drain.ConnectionState;
import dev.baton.drain.DrainReason;
import dev.baton.drain.DrainResult;
import dev.baton.http.RawClient.Response;
import dev.baton.http.RequestGenerator.Request;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Phaser;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random requests, the same in each run; {@code -Dbaton.fuzz.rounds=20000} for more of them, and
 * {@code -Dbaton.fuzz.seed} to begin elsewhere. After each test the server has no connection left, answers a good request
 * and has lost no buffer ({@link LeakCheck}).
 */
@Timeout(600)
final class FuzzTest extends HttpServerTest {
    private static final int ROUNDS = Integer.getInteger("baton.fuzz.rounds", 250);
    private static final long SEED = Long.getLong("baton.fuzz.seed", 20_261_123);
    /** Much longer than any of the server's own bounds below: whoever needs it hangs. */
    private static final long HANG_SECONDS = 60;

    private static final HttpServerOptions IMPATIENT = HttpServerOptions.builder()
            .headTimeout(Duration.ofMillis(200))
            .idleTimeout(Duration.ofMillis(200))
            .bodyTimeout(Duration.ofMillis(200))
            .maxRequestBody(50_000)
            .maxUnreadBody(1000)
            .build();

    /** A case with its number; fails with all that is needed to see it again. */
    private interface Case {
        void run(Random random, List<byte[]> sent) throws Exception;
    }

    // --- well-formed requests, wherever the bytes are cut ---

    @ParameterizedTest
    @EnumSource
    void requestsAreAnsweredTheSameWhereverTheirBytesAreCut(Transport transport) throws Exception {
        BatonHttpServer server = serve(transport, HttpServerOptions.defaults(), FuzzTest::echo);
        OpenConnections open = new OpenConnections(server);

        inParallel((random, sent) -> {
            List<Request> requests = new RequestGenerator(random).requests();
            byte[] bytes = RequestGenerator.join(requests);
            sent.add(bytes);
            try (RawClient client = RawClient.connect(address())) {
                Future<?> sending = sendInPieces(client, bytes, random);
                for (Request request : requests) {
                    Response response = request.head() ? client.receiveToHead() : client.receive();
                    assertThat(response.status()).isEqualTo(200);
                    assertThat(response.text()).isEqualTo(request.head() ? "" : request.answer());
                }
                sending.get();
            }
        });
        assertThatAllIsWell(server, open);
    }

    private static Future<?> sendInPieces(RawClient client, byte[] bytes, Random random) {
        // Single bytes and short pieces, but a hundred in all or so: on a crowded machine each costs a millisecond.
        int most = Math.max(random.nextBoolean() ? 40 : 5000, bytes.length / 50);
        int pause = random.nextInt(3) * 20_000;
        List<Integer> sizes = new ArrayList<>();
        for (int left = bytes.length; left > 0; ) {
            int size = Math.min(left, 1 + random.nextInt(random.nextInt(3) == 0 ? 10 : most));
            sizes.add(size);
            left -= size;
        }
        return CompletableFuture.runAsync(
                () -> {
                    int sent = 0;
                    for (int size : sizes) {
                        try {
                            client.send(Arrays.copyOfRange(bytes, sent, sent + size));
                        } catch (IOException e) {
                            throw new IllegalStateException(e);
                        }
                        sent += size;
                        if (pause > 0) {
                            LockSupport.parkNanos(pause); // So that the server reads some pieces alone.
                        }
                    }
                },
                Thread::startVirtualThread);
    }

    // --- broken requests ---

    @Test
    void brokenRequestsEndInAnswersAndAClose() throws Exception {
        BatonHttpServer server = serve(Transport.TCP, IMPATIENT, FuzzTest::echo);
        OpenConnections open = new OpenConnections(server);

        inParallel((random, sent) -> {
            Mutator mutator = new Mutator(random);
            byte[] good = RequestGenerator.join(new RequestGenerator(random).requests());
            sendAndReadToTheEnd(mutator.mutate(good), random, sent);
        });
        assertThatAllIsWell(server, open);
    }

    @Test
    void garbageEndsInAnswersAndAClose() throws Exception {
        BatonHttpServer server = serve(Transport.TCP, IMPATIENT, FuzzTest::echo);
        OpenConnections open = new OpenConnections(server);

        inParallel((random, sent) -> sendAndReadToTheEnd(new Mutator(random).garbage(), random, sent));
        assertThatAllIsWell(server, open);
    }

    /** The server ends every connection: it refuses, or its timeouts are over. */
    private void sendAndReadToTheEnd(byte[] bytes, Random random, List<byte[]> sent) throws Exception {
        sent.add(bytes);
        int manner = random.nextInt(4);
        try (RawClient client = RawClient.connect(address())) {
            Future<?> sending = sendInPieces(client, bytes, random);
            if (manner == 0) {
                waitForSender(sending);
                client.endOutput();
            } else if (manner == 1) {
                waitForSender(sending);
                client.reset();
                return;
            }
            byte[] received = readToTheEnd(client);
            waitForSender(sending);
            String answers = new String(received, ISO_8859_1);
            if (!answers.isEmpty() && !isHttp2(bytes)) {
                assertThat(answers)
                        .startsWith("HTTP/1.1 ")
                        .doesNotContain("500 Internal Server Error", "The handler failed");
            }
        }
    }

    /** With its preface a connection is one of HTTP/2, and so is what comes back. */
    private static boolean isHttp2(byte[] bytes) {
        return new String(bytes, ISO_8859_1).startsWith("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    }

    /** What does not arrive because the server has had enough does not count. */
    private static void waitForSender(Future<?> sending) throws InterruptedException {
        try {
            sending.get();
        } catch (ExecutionException e) {
            assertThat(e).hasRootCauseInstanceOf(IOException.class);
        }
    }

    private static byte[] readToTheEnd(RawClient client) {
        List<Integer> received = new ArrayList<>();
        try {
            for (int value = client.input().read();
                    value >= 0;
                    value = client.input().read()) {
                received.add(value);
            }
        } catch (IOException e) {
            // A reset is an end too.
        }
        byte[] bytes = new byte[received.size()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = received.get(i).byteValue();
        }
        return bytes;
    }

    // --- the server ---

    private static void echo(HttpExchange exchange) throws IOException {
        String method = exchange.getRequestMethod();
        String path = exchange.getRequestURI().getPath();
        InputStream body = exchange.getRequestBody();
        byte[] read = new byte[0];
        if (path.startsWith("/read/")) {
            read = body.readAllBytes();
        } else if (path.startsWith("/single/")) {
            var bytes = new java.io.ByteArrayOutputStream();
            for (int value = body.read(); value >= 0; value = body.read()) {
                bytes.write(value);
            }
            read = bytes.toByteArray();
        } else if (path.startsWith("/close/")) {
            body.close();
        }
        byte[] answer = RequestGenerator.answer(method, path, read).getBytes(ISO_8859_1);
        exchange.sendResponseHeaders(200, path.hashCode() % 2 == 0 ? answer.length : 0);
        exchange.getResponseBody().write(answer);
        exchange.close();
    }

    /** Counts the connections of a server that are not closed. */
    private static final class OpenConnections {
        private final Phaser open = new Phaser(1);

        OpenConnections(BatonHttpServer server) {
            server.connections().onStateChange((_, from, to) -> {
                if (from == ConnectionState.NEW && to == ConnectionState.NEW) {
                    open.register();
                } else if (to == ConnectionState.CLOSED) {
                    open.arriveAndDeregister();
                }
            });
        }

        void awaitNone() throws InterruptedException, TimeoutException {
            open.awaitAdvanceInterruptibly(open.arrive(), HANG_SECONDS, TimeUnit.SECONDS);
        }
    }

    private void assertThatAllIsWell(BatonHttpServer server, OpenConnections open) throws Exception {
        open.awaitNone();
        // A connection leaves the registry just after it was said to be closed; a drain ends when all have.
        assertThat(server.connections().drain(DrainReason.STOPPED).get(HANG_SECONDS, TimeUnit.SECONDS))
                .isEqualTo(DrainResult.COMPLETED);
        server.connections().resume();
        assertThat(server.connections().size()).isZero();
        RawClient client = connect().get("/read/x");
        assertThat(client.receive().text()).isEqualTo("GET /read/x 0 0");
    }

    // --- the rounds ---

    private void inParallel(Case fuzz) throws Exception {
        Semaphore places = new Semaphore(24);
        List<Future<?>> rounds = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < ROUNDS; i++) {
                long seed = SEED + i;
                places.acquire();
                rounds.add(threads.submit(() -> {
                    try {
                        round(fuzz, seed);
                    } finally {
                        places.release();
                    }
                }));
            }
            for (Future<?> round : rounds) {
                round.get();
            }
        }
    }

    @SuppressWarnings("CatchAndPrintStackTrace")
    private static void round(Case fuzz, long seed) {
        List<byte[]> sent = new ArrayList<>();
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread thread = Thread.startVirtualThread(() -> {
            try {
                fuzz.run(new Random(seed), sent);
                done.complete(null);
            } catch (Throwable e) {
                done.completeExceptionally(e);
            }
        });
        try {
            done.get(HANG_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException | InterruptedException e) {
            thread.interrupt(); // Closes the client's channel.
            throw new AssertionError(
                    "seed " + seed + " (-Dbaton.fuzz.seed=" + seed + " -Dbaton.fuzz.rounds=1): "
                            + (e instanceof EOFException ? "" : e) + "\nsent: " + show(sent),
                    e);
        }
    }

    private static String show(List<byte[]> sent) {
        if (sent.isEmpty()) {
            return "nothing";
        }
        byte[] bytes = sent.getFirst();
        String start = new String(bytes, 0, Math.min(600, bytes.length), ISO_8859_1)
                .replace("\r", "\\r")
                .replace("\n", "\\n");
        return bytes.length + " bytes, as text: " + start + "\nin hexadecimal: "
                + HexFormat.of().formatHex(bytes, 0, Math.min(600, bytes.length));
    }
}
