package dev.baton.http;

import static dev.baton.http.ProxyHeaders.v1;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import dev.baton.ListenAddress;
import dev.baton.MovableConnection;
import dev.baton.Participant.DrainReason;
import dev.baton.drain.ConnectionSnapshot;
import dev.baton.drain.Connections;
import dev.baton.http.RawClient.Response;
import dev.baton.testkit.Await;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections move from one {@link BatonHttpServer} to another in every situation in which they can. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
@SuppressWarnings("NullAway.Init") // Each test starts its servers first.
final class LiveMigrationTest {
    private static final Duration SOON = Duration.ofSeconds(15);
    private static final int HELD = "GET /held HTTP/1.1\r\nHost: test\r\n\r\n".length();
    private static final int GET_1 = get("/1").length();
    private static final String POST = "POST /post HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nX-A: b\r\n\r\n";

    /** A server, what it was asked, and a gate for those requests that wait. */
    private static final class Node {
        private final BatonHttpServer server;
        private final ListenAddress address;
        private final List<String> requests = new CopyOnWriteArrayList<>();
        private final CountDownLatch heldArrived = new CountDownLatch(1);
        private final CountDownLatch turn = new CountDownLatch(1);
        private final CountDownLatch released = new CountDownLatch(1);
        private final String name;

        Node(String name, ListenAddress address, HttpServerOptions options) throws IOException {
            this.name = name;
            this.address = address;
            server = BatonHttpServer.create(options);
            server.listen(address);
            server.createContext("/", this::answer);
            server.start();
        }

        private void answer(HttpExchange exchange) throws IOException {
            String path = exchange.getRequestURI().getPath();
            requests.add(path);
            byte[] body = exchange.getRequestBody().readAllBytes();
            if (path.startsWith("/held")) {
                heldArrived.countDown();
                try {
                    turn.await();
                    exchange.sendResponseHeaders(103, -1);
                    released.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            String text = switch (path) {
                case "/post" -> name + " got " + new String(body, StandardCharsets.US_ASCII);
                case "/peer" -> exchange.getRemoteAddress() + " to " + exchange.getLocalAddress();
                case "/named/1", "/named/2" -> name + path;
                default -> name;
            };
            byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        }

        SocketAddress localAddress() {
            return server.addresses().getFirst();
        }

        Connections connections() {
            return server.connections();
        }

        TestMigration byHandTo(Node target) {
            return new TestMigration(target.server.participant(), target.address, true);
        }

        CompletableFuture<Void> drain(TestMigration migration) {
            server.participant().migrate(migration);
            return server.participant().drain(DrainReason.SUCCEEDED).toCompletableFuture();
        }

        /** Returns when the loop of a connection on which a request is held has done all that was begun before. */
        void turnLoop(RawClient held) throws IOException {
            turn.countDown();
            assertThat(held.receive().status()).isEqualTo(103);
        }

        CompletableFuture<Void> drainTo(Node target) {
            return drain(new TestMigration(target.server.participant(), target.address, false));
        }

        void undo() throws Exception {
            Await.event("resume", server.participant().resume().toCompletableFuture(), SOON);
        }
    }

    @TempDir
    private Path directory;

    private Node a;
    private Node b;
    private RawClient client;

    private void start(HttpServerOptions options) throws IOException {
        ListenAddress loopback = ListenAddress.parse("127.0.0.1:0");
        start(loopback, loopback, options);
    }

    private void start(ListenAddress first, ListenAddress second, HttpServerOptions options) throws IOException {
        a = new Node("a", first, options);
        b = new Node("b", second, options);
        client = RawClient.connect(a.localAddress());
    }

    private void start() throws IOException {
        start(HttpServerOptions.defaults());
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        a.turn.countDown();
        a.released.countDown();
        b.turn.countDown();
        b.released.countDown();
        a.server.close();
        b.server.close();
    }

    private void answeredBy(String name) throws IOException {
        answerIs(client.get("/").receive(), name);
    }

    private static void answerIs(Response response, String text) {
        assertThat(response.text()).isEqualTo(text);
        assertThat(response.header("Connection")).isNull();
    }

    /** Several are sent in one write: behind a request that it holds, the server reads no more. */
    private static String get(String path) {
        return "GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n";
    }

    private static void awaitReceived(Node node, long bytes) {
        long deadline = System.nanoTime() + SOON.toNanos();
        while (node.connections().snapshot().stream()
                        .mapToLong(ConnectionSnapshot::bytesReceived)
                        .sum()
                < bytes) {
            assertThat(System.nanoTime() - deadline)
                    .as("time for " + bytes + " bytes")
                    .isNegative();
            Thread.onSpinWait();
        }
    }

    @Test
    void anIdleConnectionMoves() throws Exception {
        start();
        answeredBy("a");

        Await.event("the drain", a.drainTo(b), SOON);

        answeredBy("b");
        assertThat(a.connections().size()).isZero();
    }

    @Test
    void aConnectionOfAUnixSocketMoves() throws Exception {
        start(
                ListenAddress.unix(directory.resolve("a")),
                ListenAddress.unix(directory.resolve("b")),
                HttpServerOptions.defaults());
        answeredBy("a");

        Await.event("the drain", a.drainTo(b), SOON);

        answeredBy("b");
    }

    @Test
    void aSilentConnectionMoves() throws Exception {
        start();
        awaitOpen();

        Await.event("the drain", a.drainTo(b), SOON);

        answeredBy("b");
    }

    private void awaitOpen() {
        long deadline = System.nanoTime() + SOON.toNanos();
        while (a.connections().size() == 0) {
            assertThat(System.nanoTime() - deadline).as("time for an accept").isNegative();
            Thread.onSpinWait();
        }
    }

    /** {@code P} is the first byte of the preface of HTTP/2 too, so that the protocol is not known at first. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aHeadMovesBehindEachOfItsBytes(boolean asFirstRequest) throws Exception {
        for (int count = 1; count < POST.length(); count++) {
            start();
            long before = 0;
            if (!asFirstRequest) {
                answeredBy("a");
                before = a.connections().snapshot().getFirst().bytesReceived();
            }
            client.send(POST.substring(0, count));
            awaitReceived(a, before + count);

            Await.event("the drain behind byte " + count, a.drainTo(b), SOON);
            client.send(POST.substring(count) + "body");

            answerIs(client.receive(), "b got body");
            answeredBy("b");
            assertThat(b.requests).containsExactly("/post", "/");
            assertThat(a.requests).hasSize(asFirstRequest ? 0 : 1);
            stop();
        }
    }

    @Test
    void aHeadThatMovesBackAndForthWithEachOfItsBytesIsServedOnce() throws Exception {
        start();
        Node[] nodes = {a, b};
        int last = POST.length() - 1;
        for (int i = 0; i < last; i++) {
            Node from = nodes[i % 2];
            client.send(POST.substring(i, i + 1));
            awaitReceived(from, i + 1);
            Await.event("the drain behind byte " + i, from.drainTo(nodes[(i + 1) % 2]), SOON);
            from.undo();
        }
        client.send(POST.substring(last) + "body");

        assertThat(client.receive().text()).endsWith(" got body");
        assertThat(a.requests.size() + b.requests.size()).isEqualTo(1);
    }

    @Test
    void aRequestWhoseHandlerHasStartedIsAnsweredBeforeTheConnectionMoves() throws Exception {
        start();
        client.send(POST.replace("/post", "/held") + "bo");
        awaitReceived(a, POST.length() + 2);

        CompletableFuture<Void> drained = a.drainTo(b);
        client.send("dy");
        a.turnLoop(client);
        a.released.countDown();

        answerIs(client.receive(), "a");
        Await.event("the drain", drained, SOON);
        answeredBy("b");
    }

    @Test
    void pipelinedRequestsThatHaveNotStartedMove() throws Exception {
        start();
        client.get("/held");
        a.heldArrived.await();
        CompletableFuture<Void> drained = a.drainTo(b);
        a.turnLoop(client);
        client.send(get("/1") + get("/2") + POST + "bo");
        awaitReceived(a, HELD + 2L * GET_1 + POST.length() + 2);
        a.released.countDown();

        answerIs(client.receive(), "a");
        Await.event("the drain", drained, SOON);
        client.send("dy").get("/3");

        answerIs(client.receive(), "b");
        answerIs(client.receive(), "b");
        answerIs(client.receive(), "b got body");
        answerIs(client.receive(), "b");
        assertThat(a.requests).containsExactly("/held");
        assertThat(b.requests).containsExactly("/1", "/2", "/post", "/3");
    }

    @Test
    void requestsThatWereDecodedBeforeTheDrainAreServedHereAndInOrder() throws Exception {
        start();
        String one = "GET /named/1 HTTP/1.1\r\nHost: test\r\n\r\n";
        String all = one.replace("/named/1", "/held") + one + one.replace("/1 ", "/2 ");
        client.send(all);
        a.heldArrived.await();
        awaitReceived(a, all.length());
        a.turnLoop(client);
        CompletableFuture<Void> drained = a.drainTo(b);
        a.released.countDown();

        answerIs(client.receive(), "a");
        answerIs(client.receive(), "a/named/1");
        answerIs(client.receive(), "a/named/2");
        Await.event("the drain", drained, SOON);
        assertThat(a.requests).containsExactly("/held", "/named/1", "/named/2");
        answeredBy("b");
    }

    @Test
    void aHeldRequestOfAConnectionThatIsRefusedIsServedAsTheLast() throws Exception {
        start();
        client.get("/held");
        a.heldArrived.await();
        TestMigration migration = a.byHandTo(b);
        CompletableFuture<Void> drained = a.drain(migration);
        a.turnLoop(client);
        client.get("/1");
        awaitReceived(a, HELD + GET_1);
        a.released.countDown();
        answerIs(client.receive(), "a");
        MovableConnection asked = migration.nextAsked();
        assertThat(migration.frozen(asked)).isPresent();

        asked.stays();

        Response last = client.receive();
        assertThat(last.text()).isEqualTo("a");
        assertThat(last.header("Connection")).isEqualToIgnoringCase("close");
        assertThat(client.isAtEnd()).isTrue();
        Await.event("the drain", drained, SOON);
        assertThat(a.requests).containsExactly("/held", "/1");
    }

    @Test
    void heldRequestsAreServedHereAsIfNothingHadBeenIfTheDrainIsUndoneWhileTheConnectionIsFrozen() throws Exception {
        start();
        client.get("/held");
        a.heldArrived.await();
        TestMigration migration = a.byHandTo(b);
        var _ = a.drain(migration);
        a.turnLoop(client);
        client.send(get("/1") + get("/2"));
        awaitReceived(a, HELD + 2L * GET_1);
        a.released.countDown();
        answerIs(client.receive(), "a");
        MovableConnection asked = migration.nextAsked();
        assertThat(migration.frozen(asked)).isPresent();

        a.undo();
        asked.stays();

        answerIs(client.receive(), "a");
        answerIs(client.receive(), "a");
        answeredBy("a");
        assertThat(a.requests).containsExactly("/held", "/1", "/2", "/");
    }

    @Test
    void aPartialHeadOfAConnectionThatIsRefusedIsServedWhenTheRestComes() throws Exception {
        start();
        client.send(POST.substring(0, 30));
        awaitReceived(a, 30);
        TestMigration migration = a.byHandTo(b);
        CompletableFuture<Void> drained = a.drain(migration);
        MovableConnection asked = migration.nextAsked();
        assertThat(migration.frozen(asked)).isPresent();
        client.send(POST.substring(30, 40));

        asked.stays();
        client.send(POST.substring(40) + "body");

        Response last = client.receive();
        assertThat(last.text()).isEqualTo("a got body");
        assertThat(last.header("Connection")).isEqualToIgnoringCase("close");
        assertThat(client.isAtEnd()).isTrue();
        Await.event("the drain", drained, SOON);
    }

    @Test
    void aHalfClosedConnectionWithHeldRequestsStaysAndIsAnswered() throws Exception {
        start();
        client.get("/held");
        a.heldArrived.await();
        CompletableFuture<Void> drained = a.drainTo(b);
        a.turnLoop(client);
        client.get("/1").endOutput();
        awaitReceived(a, HELD + GET_1);
        a.released.countDown();

        assertThat(client.receive().text()).isEqualTo("a");
        assertThat(client.receive().text()).isEqualTo("a");
        assertThat(client.isAtEnd()).isTrue();
        Await.event("the drain", drained, SOON);
        assertThat(b.requests).isEmpty();
    }

    @Test
    void whatTheProxyHasSaidMoves() throws Exception {
        start(HttpServerOptions.builder().proxyProtocol(true).build());
        byte[] header = v1("TCP4 203.0.113.7 198.51.100.9 40000 443");
        String addresses = "/203.0.113.7:40000 to /198.51.100.9:443";
        client.send(header);
        assertThat(client.get("/peer").receive().text()).isEqualTo(addresses);

        Await.event("the drain", a.drainTo(b), SOON);

        assertThat(client.get("/peer").receive().text()).isEqualTo(addresses);
        assertThat(b.connections().snapshot().getFirst().peer()).isEqualTo(new InetSocketAddress("203.0.113.7", 40000));
    }

    @Test
    void aConnectionWhoseHeaderWasReadAndNothingElseMoves() throws Exception {
        start(HttpServerOptions.builder().proxyProtocol(true).build());
        byte[] header = v1("TCP6 2001:db8::7 2001:db8::9 40000 443");
        client.send(header);
        awaitReceived(a, header.length);

        Await.event("the drain", a.drainTo(b), SOON);

        assertThat(client.get("/peer").receive().text())
                .isEqualTo("/[2001:db8:0:0:0:0:0:7]:40000 to /[2001:db8:0:0:0:0:0:9]:443");
    }

    @Test
    void aConnectionWhoseHeaderHasYetToComeMoves() throws Exception {
        start(HttpServerOptions.builder().proxyProtocol(true).build());
        awaitOpen();

        Await.event("the drain", a.drainTo(b), SOON);

        client.send(v1("TCP4 203.0.113.7 198.51.100.9 40000 443"));
        assertThat(client.get("/peer").receive().text()).isEqualTo("/203.0.113.7:40000 to /198.51.100.9:443");
    }

    @Test
    void aHeaderThatHasBegunIsWaitedForAndTheConnectionMovesBehindIt() throws Exception {
        start(HttpServerOptions.builder().proxyProtocol(true).build());
        byte[] header = v1("TCP4 203.0.113.7 198.51.100.9 40000 443");
        client.send(java.util.Arrays.copyOf(header, 10));
        awaitReceived(a, 10);

        CompletableFuture<Void> drained = a.drainTo(b);
        client.send(java.util.Arrays.copyOfRange(header, 10, header.length));

        Await.event("the drain", drained, SOON);
        assertThat(client.get("/peer").receive().text()).isEqualTo("/203.0.113.7:40000 to /198.51.100.9:443");
        assertThat(b.requests).containsExactly("/peer");
    }
}
