package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsServer;
import dev.baton.ListenAddress;
import dev.baton.drain.ConnectionState;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The life of a server. */
final class BatonHttpServerTest extends HttpServerTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void theJdkFindsTheProvider() throws Exception {
        HttpServer server = HttpServer.create(ANY_PORT, 0);
        server.createContext("/", exchange -> answer(exchange, 200, "found"));
        server.start();
        try (RawClient client = RawClient.connect(server.getAddress())) {
            assertThat(server).isInstanceOf(BatonHttpServer.class);
            assertThat(client.get("/").receive().text()).isEqualTo("found");
            assertThat(client.send("GET / HTTP/1.1\r\n\r\n").receive().text())
                    .as("a request without Host, which the JDK's server lets pass")
                    .isEqualTo("found");
        } finally {
            server.stop(0);
        }
    }

    @Test
    void theJdkFindsTheProviderForTlsToo() throws Exception {
        HttpsServer server = HttpsServer.create(ANY_PORT, 0);
        try {
            assertThat(server).isInstanceOf(BatonHttpsServer.class);
            assertThat(server.getAddress().getPort()).isPositive();
        } finally {
            server.stop(0);
        }
    }

    @Test
    void aServerIsStartedOnceAndNotAgainAfterStop() throws Exception {
        BatonHttpServer unbound = BatonHttpServer.create();
        assertThatThrownBy(unbound::start).isInstanceOf(IllegalStateException.class);

        BatonHttpServer server = serve(exchange -> answer(exchange, 200, "ok"));
        assertThatThrownBy(server::start).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> server.setExecutor(Runnable::run)).isInstanceOf(IllegalStateException.class);
        server.stop(0);
        server.stop(0);
        assertThatThrownBy(server::start).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> server.listen(ListenAddress.tcp(ANY_PORT))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> server.stop(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void bindingTwiceOrToATakenAddressIsABindException() throws Exception {
        BatonHttpServer server = BatonHttpServer.create(ANY_PORT, 0);
        try {
            assertThatThrownBy(() -> server.bind(ANY_PORT, 0)).isInstanceOf(BindException.class);
            InetSocketAddress taken = Objects.requireNonNull(server.getAddress());
            assertThatThrownBy(() -> BatonHttpServer.create(taken, 0)).isInstanceOf(BindException.class);
        } finally {
            server.stop(0);
        }
    }

    @Test
    void severalListenersServeTheSameContexts() throws Exception {
        Path path = directory.resolve("several.sock");
        BatonHttpServer server = BatonHttpServer.create(ListenAddress.unix(path));
        assertThat(server.getAddress()).isNull();
        server.createContext("/", exchange -> answer(exchange, 200, "ok"));
        server.listen(ListenAddress.tcp(ANY_PORT));
        start(server, Transport.TCP);

        assertThat(server.addresses()).hasSize(3);
        for (var address : server.addresses()) {
            try (RawClient client = RawClient.connect(address)) {
                assertThat(client.get("/").receive().text()).isEqualTo("ok");
            }
        }
        server.stop(0);
        assertThat(Files.exists(path)).isFalse();
    }

    @Test
    void handlersRunOnVirtualThreads() throws Exception {
        serve(exchange -> answer(exchange, 200, "" + Thread.currentThread().isVirtual()));

        assertThat(connect().get("/").receive().text()).isEqualTo("true");
    }

    @Test
    void theExecutorIsHonoured() throws Exception {
        try (ExecutorService executor = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name("mine").factory())) {
            BatonHttpServer server = BatonHttpServer.create();
            server.setExecutor(executor);
            server.createContext(
                    "/",
                    exchange -> answer(exchange, 200, Thread.currentThread().getName()));
            start(server, Transport.TCP);

            assertThat(server.getExecutor()).isSameAs(executor);
            assertThat(connect().get("/").receive().text()).isEqualTo("mine");
        }
    }

    @Test
    void anExecutorThatRunsInTheCallerDoesNotBlockTheEventLoop() throws Exception {
        BatonHttpServer server = BatonHttpServer.create();
        server.setExecutor(Runnable::run);
        server.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            answer(exchange, 200, "ok");
        });
        start(server, Transport.TCP);
        RawClient client = connect().send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\n\r\n");
        assertThat(connect().get("/").receive().text()).isEqualTo("ok");

        assertThat(client.send("x").receive().text()).isEqualTo("ok");
    }

    @Test
    void stopWaitsForTheRequestInFlightAndNotForIdleConnections() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch handling = new CountDownLatch(1);
        BatonHttpServer server = serve(exchange -> {
            if (exchange.getRequestURI().getPath().equals("/slow")) {
                handling.countDown();
                await(go);
            }
            answer(exchange, 200, "done");
        });
        RawClient idle = connect().get("/");
        idle.receive();
        RawClient silent = connect();
        RawClient slow = connect().get("/slow");
        await(handling);
        CompletableFuture<Void> stopped = CompletableFuture.runAsync(() -> server.stop(20));
        CompletableFuture<Void> draining = new CompletableFuture<>();
        server.connections().onShutdown(_ -> draining.complete(null));
        draining.get(5, TimeUnit.SECONDS);
        assertThat(stopped).isNotDone();
        go.countDown();

        assertThat(slow.receive().text()).isEqualTo("done");
        assertThat(slow.isAtEnd()).isTrue();
        stopped.get(5, TimeUnit.SECONDS);
        assertThat(idle.isAtEnd()).isTrue();
        assertThat(silent.isAtEnd()).isTrue();
        assertThatThrownBy(this::connect).isInstanceOf(ConnectException.class);
    }

    @Test
    void stopWithoutDelayCutsTheRequestInFlight() throws Exception {
        CountDownLatch handling = new CountDownLatch(1);
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        BatonHttpServer server = serve(exchange -> {
            handling.countDown();
            try {
                exchange.getRequestBody().readAllBytes();
            } catch (IOException e) {
                thrown.complete(e);
                throw e;
            }
        });
        RawClient client = connect().send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\n\r\n");
        await(handling);

        server.stop(0);

        assertThat(client.isAtEnd()).isTrue();
        assertThat(thrown.get(5, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
    }

    @Test
    void theRegistrySeesTheStatesOfAConnection() throws Exception {
        ConcurrentLinkedQueue<ConnectionState> states = new ConcurrentLinkedQueue<>();
        CompletableFuture<Void> closed = new CompletableFuture<>();
        BatonHttpServer server = BatonHttpServer.create();
        server.createContext("/", exchange -> answer(exchange, 200, "ok"));
        server.connections().onStateChange((_, _, to) -> {
            states.add(to);
            if (to == ConnectionState.CLOSED) {
                closed.complete(null);
            }
        });
        start(server, Transport.TCP);
        RawClient client = connect();
        client.get("/").receive();
        client.close();
        closed.get(5, TimeUnit.SECONDS);

        assertThat(List.copyOf(states))
                .containsExactly(
                        ConnectionState.NEW, ConnectionState.ACTIVE, ConnectionState.IDLE, ConnectionState.CLOSED);
    }
}
