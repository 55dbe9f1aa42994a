package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.http.RawClient.Response;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies on their way to the client. */
final class ResponseBodyTest extends HttpServerTest {

    private static byte[] randomBytes(int count) {
        byte[] bytes = new byte[count];
        new Random(42).nextBytes(bytes);
        return bytes;
    }

    @ParameterizedTest
    @EnumSource
    void largeBodiesArriveWhole(Transport transport) throws Exception {
        byte[] body = randomBytes(20 * 1024 * 1024);
        serve(transport, HttpServerOptions.defaults(), exchange -> {
            boolean chunked = exchange.getRequestURI().getPath().equals("/chunked");
            exchange.sendResponseHeaders(200, chunked ? 0 : body.length);
            try (var out = exchange.getResponseBody()) {
                new ByteArrayInputStream(body).transferTo(out);
            }
        });
        RawClient client = connect();

        assertThat(client.get("/fixed").receive().content()).isEqualTo(body);
        assertThat(client.get("/chunked").receive().content()).isEqualTo(body);
    }

    /** Around the sizes at which a body is gathered, copied or handed over in pieces. */
    @ParameterizedTest
    @ValueSource(ints = {1, 127, 128, 255, 256, 257, 4095, 4096, 4097, 65_535, 65_536, 65_537, 131_072, 131_073})
    void everySizeArrivesWholeHoweverItIsWritten(int size) throws Exception {
        byte[] body = randomBytes(size);
        serve(exchange -> {
            String path = exchange.getRequestURI().getPath();
            exchange.sendResponseHeaders(200, path.startsWith("/chunked") ? 0 : size);
            try (var out = exchange.getResponseBody()) {
                if (path.endsWith("bytes")) {
                    for (byte each : body) {
                        out.write(each);
                    }
                } else {
                    out.write(body);
                }
            }
        });
        RawClient client = connect();

        for (String path : new String[] {"/fixed/whole", "/fixed/bytes", "/chunked/whole", "/chunked/bytes"}) {
            assertThat(client.get(path).receive().content()).as(path).isEqualTo(body);
        }
    }

    @Test
    void aHandlerWaitsForAClientThatDoesNotRead() throws Exception {
        AtomicLong written = new AtomicLong();
        CompletableFuture<Void> done = new CompletableFuture<>();
        int size = 64 * 1024 * 1024;
        serve(exchange -> {
            exchange.sendResponseHeaders(200, size);
            byte[] piece = new byte[16 * 1024];
            try (var out = exchange.getResponseBody()) {
                for (int sent = 0; sent < size; sent += piece.length) {
                    out.write(piece);
                    written.addAndGet(piece.length);
                }
            }
            done.complete(null);
        });
        RawClient client = connectWithSmallReceiveBuffer().get("/");

        assertThatThrownBy(() -> done.get(500, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
        assertThat(written.get()).isLessThan(size / 2);
        assertThat(client.receive().content()).hasSize(size);
        done.get(5, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1L << 40})
    void aClientThatLeavesWakesTheHandler(long length) throws Exception {
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        serve(exchange -> {
            exchange.sendResponseHeaders(200, length);
            try {
                while (true) {
                    exchange.getResponseBody().write(new byte[10_000]);
                }
            } catch (IOException e) {
                thrown.complete(e);
                throw e;
            }
        });
        RawClient client = connectWithSmallReceiveBuffer().get("/");
        client.receiveHead();
        client.reset();

        assertThat(thrown.get(5, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
    }

    @Test
    void aClientThatReadsNothingIsCutOffInTime() throws Exception {
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        serve(
                Transport.TCP,
                HttpServerOptions.builder().writeTimeout(Duration.ofMillis(100)).build(),
                exchange -> {
                    exchange.sendResponseHeaders(200, 1L << 40);
                    try {
                        while (true) {
                            exchange.getResponseBody().write(new byte[10_000]);
                        }
                    } catch (IOException e) {
                        thrown.complete(e);
                        throw e;
                    }
                });
        connectWithSmallReceiveBuffer().get("/");

        assertThat(thrown.get(10, TimeUnit.SECONDS)).hasMessageContaining("has read nothing of the response");
    }

    @Test
    void aClientThatReadsSlowlyGetsEverything() throws Exception {
        byte[] body = randomBytes(2 * 1024 * 1024);
        serve(exchange -> {
            exchange.sendResponseHeaders(200, body.length);
            try (var out = exchange.getResponseBody()) {
                out.write(body);
            }
        });
        RawClient client = connectWithSmallReceiveBuffer().get("/");
        client.receiveHead();
        byte[] received = new byte[body.length];
        for (int i = 0; i < received.length; i += 4096) {
            System.arraycopy(client.exactly(4096), 0, received, i, 4096);
        }

        assertThat(received).isEqualTo(body);
    }

    /** Responses that nobody reads stop further requests, so that a client cannot fill the server's memory. */
    @Test
    void pipelinedRequestsWaitWhileTheirClientDoesNotRead() throws Exception {
        int requests = 2000;
        CountDownLatch unhandled = new CountDownLatch(requests);
        byte[] body = new byte[50_000];
        serve(exchange -> {
            unhandled.countDown();
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        RawClient client =
                connectWithSmallReceiveBuffer().send("GET / HTTP/1.1\r\nHost: test\r\n\r\n".repeat(requests));

        assertThat(unhandled.await(500, TimeUnit.MILLISECONDS)).isFalse();
        assertThat(unhandled.getCount()).isGreaterThan(requests / 2);
        for (int i = 0; i < requests; i++) {
            assertThat(client.receive().content()).hasSize(body.length);
        }
    }

    @Test
    void headIsAnsweredWithoutBodyAndTheConnectionGoesOn() throws Exception {
        serve(exchange -> {
            String path = exchange.getRequestURI().getPath();
            if (path.equals("/manual")) {
                exchange.getResponseHeaders().set("Content-Length", "11");
                exchange.sendResponseHeaders(200, -1);
            } else {
                exchange.sendResponseHeaders(200, path.equals("/chunked") ? 0 : 11);
                try (var out = exchange.getResponseBody()) {
                    out.write("hello world".getBytes(StandardCharsets.UTF_8));
                }
            }
            exchange.close();
        });
        RawClient client = connect();

        for (String path : new String[] {"/fixed", "/manual", "/chunked", "/fixed"}) {
            Response response = client.send("HEAD " + path + " HTTP/1.1\r\nHost: test\r\n\r\n")
                    .receiveToHead();
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.header("Content-Length")).isEqualTo(path.equals("/chunked") ? null : "11");
            assertThat(response.header("Transfer-Encoding")).isNull();
        }
        assertThat(client.get("/fixed").receive().text()).isEqualTo("hello world");
    }

    @Test
    void aFilterMayWrapTheStreams() throws Exception {
        BatonHttpServer server = BatonHttpServer.create();
        var context = server.createContext("/", exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        context.getFilters().add(com.sun.net.httpserver.Filter.beforeHandler("gzip", exchange -> {
            try {
                exchange.setStreams(
                        new java.util.zip.GZIPInputStream(exchange.getRequestBody()),
                        new java.io.FilterOutputStream(exchange.getResponseBody()) {
                            @Override
                            public void write(int b) throws IOException {
                                out.write(Character.toUpperCase(b));
                            }
                        });
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }));
        start(server, Transport.TCP);
        var zipped = new java.io.ByteArrayOutputStream();
        try (var out = new java.util.zip.GZIPOutputStream(zipped)) {
            out.write("wrapped".getBytes(StandardCharsets.UTF_8));
        }
        RawClient client = connect()
                .send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: " + zipped.size() + "\r\n\r\n")
                .send(zipped.toByteArray());

        assertThat(client.receive().text()).isEqualTo("WRAPPED");
    }
}
