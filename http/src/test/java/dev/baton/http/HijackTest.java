package dev.baton.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.Filter;
import dev.baton.drain.DrainReason;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HijackTest extends HttpServerTest {
    private static final String UPGRADE =
            "GET /echo HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

    /** Ends with the peer's end. */
    private static void echo(HijackedConnection connection) throws IOException {
        try (connection) {
            connection.input().transferTo(connection.output());
        }
    }

    @ParameterizedTest
    @EnumSource
    void afterAnUpgradeTheBytesAreTheApplications(Transport transport) throws Exception {
        serve(transport, HttpServerOptions.defaults(), exchange -> {
            exchange.getResponseHeaders().set("X-Test", "yes");
            echo(HijackedConnection.upgrade(exchange, "echo"));
        });
        RawClient client = connect().send(UPGRADE);
        RawClient.Response response = client.receive();
        assertThat(response.status()).isEqualTo(101);
        assertThat(response.header("Upgrade")).isEqualTo("echo");
        assertThat(response.header("Connection")).isEqualToIgnoringCase("upgrade");
        assertThat(response.header("X-Test")).isEqualTo("yes");
        client.send("GET / HTTP/1.1\r\n\r\n");
        assertThat(client.exactly(18)).asString(ISO_8859_1).isEqualTo("GET / HTTP/1.1\r\n\r\n");
        client.endOutput();
        assertThat(client.isAtEnd()).isTrue();
    }

    @Test
    void whatWasSentBehindAnUpgradeComesFirstAndIsNotDecoded() throws Exception {
        serve(exchange -> echo(HijackedConnection.upgrade(exchange, "echo")));
        String ahead = "no HTTP at all\n\r\n".repeat(1000);
        RawClient client = connect().send(UPGRADE + ahead);
        assertThat(client.receive().status()).isEqualTo(101);
        client.send("later");
        assertThat(client.exactly(ahead.length() + 5)).asString(ISO_8859_1).isEqualTo(ahead + "later");
    }

    @Test
    void whatIsSentWhileTheHandlerStillThinksComesFirst() throws Exception {
        CompletableFuture<Void> go = new CompletableFuture<>();
        serve(exchange -> {
            go.join();
            echo(HijackedConnection.upgrade(exchange, "echo"));
        });
        RawClient client = connect().send(UPGRADE + "one ");
        client.send("two ");
        client.send("three");
        go.complete(null);
        assertThat(client.receive().status()).isEqualTo(101);
        assertThat(client.exactly(13)).asString(ISO_8859_1).isEqualTo("one two three");
    }

    @Test
    void requestsBehindAnUpgradeThatIsRefusedAreServed() throws Exception {
        serve(exchange -> answer(exchange, 200, exchange.getRequestURI().getPath()));
        String plain = "GET /plain HTTP/1.1\r\nHost: t\r\n\r\n";
        RawClient client = connect().send(UPGRADE + UPGRADE + plain + UPGRADE);
        for (String path : List.of("/echo", "/echo", "/plain", "/echo")) {
            assertThat(client.receive().text()).isEqualTo(path);
        }
        client.send(plain);
        assertThat(client.receive().text()).isEqualTo("/plain");
    }

    @Test
    void manyRefusedUpgradesAtOnceAreAnsweredWithoutRecursion() throws Exception {
        BatonHttpServer server = BatonHttpServer.create();
        server.createContext("/elsewhere", exchange -> answer(exchange, 200, ""));
        start(server, Transport.TCP);
        RawClient client = connect();
        int count = 3_000;
        Thread sender = Thread.ofVirtual().start(() -> {
            try {
                client.send(UPGRADE.repeat(count));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        for (int i = 0; i < count; i++) {
            assertThat(client.receive().status()).isEqualTo(404);
        }
        sender.join();
    }

    @Test
    void withNothingSentTheApplicationSaysEverything() throws Exception {
        serve(exchange -> {
            try (HijackedConnection connection = HijackedConnection.hijack(exchange)) {
                connection.output().write("not HTTP\n".getBytes(ISO_8859_1));
            }
        });
        RawClient client = connect().get("/");
        assertThat(client.input().readAllBytes()).asString(ISO_8859_1).isEqualTo("not HTTP\n");
    }

    @Test
    void aConnectBecomesATunnelWhereItIsAllowed() throws Exception {
        serve(Transport.TCP, HttpServerOptions.builder().allowConnect(true).build(), exchange -> {
            assertThat(exchange.getRequestURI().getAuthority()).isEqualTo("example.test:443");
            echo(HijackedConnection.connect(exchange));
        });
        RawClient client = connect().send("CONNECT example.test:443 HTTP/1.1\r\nHost: example.test:443\r\n\r\nhello");
        List<String> head = client.receiveHead();
        assertThat(head.getFirst()).startsWith("HTTP/1.1 200 ");
        assertThat(head)
                .noneMatch(line -> line.toLowerCase(java.util.Locale.ROOT).startsWith("transfer-encoding"));
        assertThat(client.exactly(5)).asString(ISO_8859_1).isEqualTo("hello");
    }

    @Test
    void aConnectIsNeverAnsweredWithAnOrdinarySuccess() throws Exception {
        serve(
                Transport.TCP,
                HttpServerOptions.builder().allowConnect(true).build(),
                exchange -> answer(exchange, 200, "hello"));
        RawClient client = connect().send("CONNECT example.test:443 HTTP/1.1\r\nHost: example.test:443\r\n\r\n");
        assertThat(client.receive().status()).isEqualTo(500);
    }

    @Test
    void closeLosesNothingThoughThePeerStillSends() throws Exception {
        byte[] big = new byte[4 << 20];
        new Random(1).nextBytes(big);
        serve(exchange -> {
            try (HijackedConnection connection = HijackedConnection.hijack(exchange)) {
                connection.output().write(big);
            }
        });
        RawClient client = connect().send(UPGRADE); // So that what follows is held back until the connection is taken.
        Thread sender = Thread.ofVirtual().start(() -> {
            try {
                client.send(big);
                client.endOutput();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        assertThat(Arrays.equals(client.input().readAllBytes(), big)).isTrue();
        sender.join();
    }

    @Test
    void eachSideEndsOnItsOwn() throws Exception {
        BlockingQueue<String> got = new LinkedBlockingQueue<>();
        serve(exchange -> {
            try (HijackedConnection connection = HijackedConnection.hijack(exchange)) {
                connection.output().write("all".getBytes(ISO_8859_1));
                connection.shutdownOutput();
                got.add(new String(connection.input().readAllBytes(), ISO_8859_1));
                assertThatThrownBy(() -> connection.output().write(1)).isInstanceOf(IOException.class);
                got.add("refused");
            }
        });
        RawClient client = connect().get("/");
        assertThat(client.input().readAllBytes()).asString(ISO_8859_1).isEqualTo("all");
        client.send("more").endOutput();
        assertThat(got.poll(10, TimeUnit.SECONDS)).isEqualTo("more");
        assertThat(got.poll(10, TimeUnit.SECONDS)).isEqualTo("refused");
    }

    @Test
    void aPeerThatDoesNotReadStopsTheWriterAndOneThatIsNotReadIsStopped() throws Exception {
        CompletableFuture<Void> stuck = new CompletableFuture<>();
        CompletableFuture<HijackedConnection> taken = new CompletableFuture<>();
        serve(exchange -> {
            HijackedConnection connection = HijackedConnection.hijack(exchange);
            taken.complete(connection);
            try {
                byte[] chunk = new byte[64 * 1024];
                while (true) {
                    connection.output().write(chunk);
                }
            } catch (IOException e) {
                stuck.complete(null);
            }
        });
        RawClient client = connectWithSmallReceiveBuffer().get("/");
        HijackedConnection connection = taken.get(10, TimeUnit.SECONDS);
        Thread sender = Thread.ofPlatform().daemon().start(() -> {
            try {
                client.send(new byte[64 << 20]);
            } catch (IOException e) {
                // The reset at the end.
            }
        });
        // Neither can come to its end: both wait for the other until one is cut.
        assertThat(sender.join(java.time.Duration.ofMillis(500))).isFalse();
        assertThat(stuck).isNotDone();
        assertThat(connection.input().available()).isLessThan(1 << 20);
        connection.closeNow();
        stuck.get(10, TimeUnit.SECONDS);
        sender.join();
    }

    @Test
    void aReaderIsWokenByTheEndOfTheConnection() throws Exception {
        CompletableFuture<HijackedConnection> taken = new CompletableFuture<>();
        CompletableFuture<Throwable> failure = new CompletableFuture<>();
        serve(exchange -> {
            HijackedConnection connection = HijackedConnection.hijack(exchange);
            taken.complete(connection);
            try {
                failure.complete(new AssertionError("read " + connection.input().read()));
            } catch (IOException e) {
                failure.complete(e);
            }
        });
        connect().get("/");
        taken.get(10, TimeUnit.SECONDS).closeNow();
        assertThat(failure.get(10, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
    }

    @Test
    void aWrappedExchangeIsRefusedWithAClearError() throws Exception {
        BlockingQueue<Throwable> failure = new LinkedBlockingQueue<>();
        BatonHttpServer server = BatonHttpServer.create();
        server.createContext("/", exchange -> {
                    try {
                        HijackedConnection.hijack(exchange);
                    } catch (NotHijackableException e) {
                        failure.add(e);
                        answer(exchange, 200, "ok");
                    }
                })
                .getFilters()
                .add(Filter.adaptRequest("wraps", request -> request.with("X", List.of("y"))));
        start(server, Transport.TCP);
        assertThat(connect().get("/").receive().status()).isEqualTo(200);
        assertThat(failure.remove()).hasMessageContaining("filter");
    }

    @Test
    void aConnectionWhoseResponseHasBegunOrWhoseBodyIsUnreadCannotBeTaken() throws Exception {
        serve(exchange -> {
            if (exchange.getRequestMethod().equals("GET")) {
                exchange.sendResponseHeaders(200, 2);
            }
            assertThatThrownBy(() -> HijackedConnection.hijack(exchange)).isInstanceOf(IllegalStateException.class);
            if (exchange.getRequestMethod().equals("GET")) {
                exchange.getResponseBody().write("ok".getBytes(ISO_8859_1));
                exchange.close();
            } else {
                answer(exchange, 200, "ok");
            }
        });
        assertThat(connect().get("/").receive().text()).isEqualTo("ok");
        RawClient client = connect().send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nab");
        assertThat(client.receive().text()).isEqualTo("ok");
    }

    @Test
    void aDrainTellsItOnceAndWaitsUntilItIsClosed() throws Exception {
        BlockingQueue<DrainReason> told = new LinkedBlockingQueue<>();
        CompletableFuture<HijackedConnection> taken = new CompletableFuture<>();
        BatonHttpServer server = serve(exchange -> {
            HijackedConnection connection = HijackedConnection.hijack(exchange);
            connection.onDrain(told::add);
            taken.complete(connection);
        });
        RawClient client = connect().get("/");
        HijackedConnection connection = taken.get(10, TimeUnit.SECONDS);
        assertThat(server.connections().size())
                .as("hijacked ones are not there")
                .isZero();
        var drained = server.conversations().drain(DrainReason.SUCCEEDED);
        assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo(DrainReason.SUCCEEDED);
        connection.onDrain(told::add);
        assertThat(told.poll(10, TimeUnit.SECONDS)).as("one that comes late").isEqualTo(DrainReason.SUCCEEDED);
        assertThat(told).isEmpty();
        connection.output().write("bye".getBytes(ISO_8859_1));
        assertThat(drained).isNotDone();
        connection.close();
        assertThat(client.input().readAllBytes()).asString(ISO_8859_1).isEqualTo("bye");
        client.close();
        drained.get(10, TimeUnit.SECONDS);
    }

    @Test
    void stopTellsItAndCutsItAfterTheDelay() throws Exception {
        BlockingQueue<DrainReason> told = new LinkedBlockingQueue<>();
        CompletableFuture<HijackedConnection> taken = new CompletableFuture<>();
        BatonHttpServer server = serve(exchange -> {
            HijackedConnection connection = HijackedConnection.hijack(exchange);
            connection.onDrain(told::add);
            taken.complete(connection);
        });
        InputStream input = connect().get("/").input();
        taken.get(10, TimeUnit.SECONDS);
        server.stop(1);
        assertThat(told).containsExactly(DrainReason.STOPPED);
        assertThat(input.readAllBytes()).isEmpty();
    }
}
