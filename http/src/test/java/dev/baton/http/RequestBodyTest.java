package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.http.RawClient.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Bodies on their way to the handler. */
final class RequestBodyTest extends HttpServerTest {
    private static final int LARGE = 20 * 1024 * 1024;

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String hash(InputStream body) throws IOException {
        DigestInputStream digested = new DigestInputStream(body, sha256());
        digested.transferTo(OutputStream.nullOutputStream());
        return HexFormat.of().formatHex(digested.getMessageDigest().digest());
    }

    private static byte[] randomBytes(int count) {
        byte[] bytes = new byte[count];
        new Random(42).nextBytes(bytes);
        return bytes;
    }

    @ParameterizedTest
    @EnumSource
    void aLargeBodyOfFixedLengthArrivesWhole(Transport transport) throws Exception {
        serve(
                transport,
                HttpServerOptions.defaults(),
                exchange -> answer(exchange, 200, hash(exchange.getRequestBody())));
        byte[] body = randomBytes(LARGE);

        RawClient client = connect()
                .send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: " + LARGE + "\r\n\r\n")
                .send(body);

        assertThat(client.receive().text()).isEqualTo(HexFormat.of().formatHex(sha256().digest(body)));
        assertThat(client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n")
                        .receive()
                        .status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @EnumSource
    void aChunkedBodyArrivesWhole(Transport transport) throws Exception {
        serve(
                transport,
                HttpServerOptions.defaults(),
                exchange -> answer(exchange, 200, hash(exchange.getRequestBody())));
        byte[] body = randomBytes(1024 * 1024);
        Random sizes = new Random(7);
        RawClient client = connect().send("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int sent = 0; sent < body.length; ) {
            int size = Math.min(1 + sizes.nextInt(30_000), body.length - sent);
            client.send(Integer.toHexString(size) + ";ext=1\r\n");
            client.send(java.util.Arrays.copyOfRange(body, sent, sent + size)).send("\r\n");
            sent += size;
        }
        client.send("0\r\nTrailer: x\r\n\r\n");

        assertThat(client.receive().text()).isEqualTo(HexFormat.of().formatHex(sha256().digest(body)));
        assertThat(client.get("/").receive().status()).isEqualTo(200);
    }

    @Test
    void theHandlerSeesTheBodyAsItComes() throws Exception {
        Semaphore read = new Semaphore(0);
        serve(exchange -> {
            int first = exchange.getRequestBody().read();
            read.release();
            int second = exchange.getRequestBody().read();
            answer(
                    exchange,
                    200,
                    "" + (char) first + (char) second
                            + exchange.getRequestBody().read());
        });
        RawClient client = connect().send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\na");
        assertThat(read.tryAcquire(5, TimeUnit.SECONDS)).isTrue();
        client.send("b");

        assertThat(client.receive().text()).isEqualTo("ab-1");
    }

    /** The handler reads nothing, so the client gets rid of no more than the buffers between them hold. */
    @ParameterizedTest
    @EnumSource
    void aClientWaitsForAHandlerThatDoesNotRead(Transport transport) throws Exception {
        Semaphore readNow = new Semaphore(0);
        serve(transport, HttpServerOptions.defaults(), exchange -> {
            readNow.acquireUninterruptibly();
            answer(exchange, 200, hash(exchange.getRequestBody()));
        });
        int size = 64 * 1024 * 1024;
        RawClient client = connect().send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: " + size + "\r\n\r\n");
        byte[] piece = new byte[64 * 1024];
        AtomicLong sent = new AtomicLong();
        CompletableFuture<Void> sender = CompletableFuture.runAsync(() -> {
            try {
                while (sent.get() < size) {
                    client.send(piece);
                    sent.addAndGet(piece.length);
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });

        assertThatThrownBy(() -> sender.get(500, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
        assertThat(sent.get()).isLessThan(size / 2);
        readNow.release();
        sender.get(20, TimeUnit.SECONDS);
        assertThat(client.receive().text()).isEqualTo(hash(new java.io.ByteArrayInputStream(new byte[size])));
    }

    @Test
    void aClientThatLeavesWakesTheHandler() throws Exception {
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        serve(exchange -> {
            try {
                exchange.getRequestBody().readAllBytes();
            } catch (IOException e) {
                thrown.complete(e);
                throw e;
            }
        });
        RawClient client = connect().send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nabc");
        client.close();

        assertThat(thrown.get(5, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
    }

    @Test
    void aClientThatSendsNothingTimesTheHandlerOut() throws Exception {
        serve(
                Transport.TCP,
                HttpServerOptions.builder().bodyTimeout(Duration.ofMillis(50)).build(),
                exchange -> answer(exchange, 200, hash(exchange.getRequestBody())));
        RawClient client = connect().send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nabc");

        Response response = client.receive();

        assertThat(response.status()).isEqualTo(408);
        assertThat(response.header("Connection")).isEqualTo("close");
    }

    @Test
    void aSmallBodyThatNobodyReadDoesNotCostTheConnection() throws Exception {
        serve(exchange -> answer(exchange, 200, "unread"));
        RawClient client = connect();

        for (int i = 0; i < 3; i++) {
            client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 50000\r\n\r\n")
                    .send(new byte[50_000]);
            assertThat(client.receive().text()).isEqualTo("unread");
        }
    }

    @Test
    void aSmallBodyThatComesAfterTheResponseDoesNotCostTheConnection() throws Exception {
        serve(exchange -> answer(exchange, 200, "early"));
        RawClient client = connect();

        for (int i = 0; i < 3; i++) {
            client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n");
            assertThat(client.receive().text()).isEqualTo("early");
            client.send("12345");
        }
    }

    /** The client has the whole answer although it goes on sending: no reset destroys it. */
    @Test
    void aLargeBodyThatNobodyReadsEndsTheConnectionAfterTheWholeResponse() throws Exception {
        serve(exchange -> answer(exchange, 401, "no".repeat(50_000)));
        RawClient client = connect().send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5000000\r\n\r\n");
        CompletableFuture<Void> sender = CompletableFuture.runAsync(() -> {
            try {
                client.send(new byte[5_000_000]);
            } catch (IOException e) {
                // The server need not take it all.
            }
        });

        Response response = client.receive();

        assertThat(response.status()).isEqualTo(401);
        assertThat(response.content()).hasSize(100_000);
        client.close();
        sender.get(10, TimeUnit.SECONDS);
    }

    @Test
    void aSmallResponseBeforeALargeBodySaysThatTheConnectionEnds() throws Exception {
        serve(exchange -> answer(exchange, 401, "no"));
        RawClient client = connect().send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5000000\r\n\r\n");

        Response response = client.receive();

        assertThat(response.status()).isEqualTo(401);
        assertThat(response.header("Connection")).isEqualTo("close");
        assertThat(client.isAtEnd()).isTrue();
    }

    /** Nothing announces how much of it is left, so it is read up to the bound, and no further. */
    @Test
    void anEndlessBodyThatNobodyReadsEndsTheConnection() throws Exception {
        serve(exchange -> answer(exchange, 200, "enough"));
        RawClient client = connect().send("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
        CompletableFuture<Void> stop = new CompletableFuture<>();
        CompletableFuture<Void> sender = CompletableFuture.runAsync(() -> {
            byte[] chunk = ("1000\r\n" + "x".repeat(0x1000) + "\r\n").getBytes(StandardCharsets.US_ASCII);
            try {
                while (!stop.isDone()) {
                    client.send(chunk);
                }
            } catch (IOException e) {
                // The server has had enough.
            }
        });

        try {
            assertThat(client.receive().text()).isEqualTo("enough");
            assertThat(client.isAtEnd()).isTrue();
        } finally {
            stop.complete(null);
            client.close();
            sender.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void aClosedBodyCannotBeReadAndTheConnectionGoesOn() throws Exception {
        serve(exchange -> {
            exchange.getRequestBody().close();
            String message;
            try {
                message = "read " + exchange.getRequestBody().read();
            } catch (IOException e) {
                message = String.valueOf(e.getMessage());
            }
            answer(exchange, 200, message);
        });
        RawClient client = connect();

        for (int i = 0; i < 2; i++) {
            client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc");
            assertThat(client.receive().text()).isEqualTo("the request body is closed");
        }
    }

    @Test
    void aMalformedChunkFailsTheReader() throws Exception {
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        serve(exchange -> {
            try {
                exchange.getRequestBody().readAllBytes();
            } catch (IOException e) {
                thrown.complete(e);
                throw e;
            }
        });
        RawClient client = connect().send("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");

        assertThat(thrown.get(5, TimeUnit.SECONDS)).hasMessage("the request body is malformed");
        assertThat(client.receive().status()).isEqualTo(400);
        assertThat(client.isAtEnd()).isTrue();
    }

    @Test
    void theBodyCanBeStreamedBackWhileItComes() throws Exception {
        serve(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            try (var in = exchange.getRequestBody();
                    var out = exchange.getResponseBody()) {
                byte[] buffer = new byte[1000];
                for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                    out.write(buffer, 0, count);
                    out.flush();
                }
            }
        });
        RawClient client = connect().send("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");

        for (int i = 0; i < 10; i++) {
            client.send("3\r\nab" + i + "\r\n");
            if (i == 0) {
                client.receiveHead();
            }
            assertThat(client.exactly(8)).asString(StandardCharsets.UTF_8).isEqualTo("3\r\nab" + i + "\r\n");
        }
        client.send("0\r\n\r\n");
        assertThat(client.exactly(5)).asString(StandardCharsets.UTF_8).isEqualTo("0\r\n\r\n");
    }
}
