package dev.baton.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import dev.baton.testkit.Await;
import dev.baton.testkit.Http2Client;
import dev.baton.testkit.Http2Client.Response;
import dev.baton.testkit.Http2Frame;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** A stream of HTTP/2 as an exchange of the JDK's API (RFC 9113, section 8). */
final class Http2ExchangeTest extends Http2ServerTest {
    private static final int NO_ERROR = 0;
    private static final int INTERNAL_ERROR = 2;
    private static final int CANCEL = 8;
    private static final Duration SOON = Duration.ofSeconds(15);

    @Test
    void aHandlerSeesTheRequestAsWithHttp1() throws Exception {
        serve(exchange -> answer(
                exchange,
                200,
                String.join(
                        " ",
                        exchange.getProtocol(),
                        exchange.getRequestMethod(),
                        exchange.getRequestURI().toString(),
                        String.valueOf(exchange.getRequestHeaders().get("Host")),
                        String.valueOf(exchange.getRequestHeaders().get("Cookie")),
                        String.valueOf(exchange.getRequestHeaders().get("X-Twice")),
                        new String(exchange.getRequestBody().readAllBytes(), US_ASCII))));
        Http2Client client = connectHttp2();

        int stream =
                client.open("PUT", "/a/b?c", false, "cookie", "a=1", "x-twice", "1", "cookie", "b=2", "x-twice", "2");
        client.send(Http2Frame.data(stream, false, "he".getBytes(US_ASCII)));
        client.send(Http2Frame.data(stream, true, "llo".getBytes(US_ASCII)));

        assertThat(client.response(stream).text()).isEqualTo("HTTP/2 PUT /a/b?c [test] [a=1; b=2] [1, 2] hello");
    }

    @Test
    void theHeadersOfAResponseAreInSmallLettersAndWithoutThoseOfAConnection() throws Exception {
        serve(exchange -> {
            exchange.getResponseHeaders().set("X-Custom", "kept");
            exchange.getResponseHeaders().set("Connection", "keep-alive");
            exchange.getResponseHeaders().set("Keep-Alive", "timeout=5");
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(new byte[3]);
            exchange.close();
        });
        Http2Client client = connectHttp2();

        Response response = client.response(client.get("/"));

        assertThat(response.headers()).containsOnlyKeys(":status", "date", "x-custom");
        assertThat(response.body()).hasSize(3);
    }

    @Test
    void streamsAreServedAtTheSameTime() throws Exception {
        CountDownLatch all = new CountDownLatch(20);
        serve(exchange -> {
            all.countDown();
            await(all);
            answer(exchange, 200, exchange.getRequestURI().getPath());
        });
        Http2Client client = connectHttp2();
        List<Integer> streams = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            streams.add(client.get("/" + i));
        }
        for (int i = 0; i < 20; i++) {
            assertThat(client.response(streams.get(i)).text()).isEqualTo("/" + i);
        }
    }

    @Test
    void headAnnouncesTheLengthAndSendsNoBody() throws Exception {
        serve(exchange -> answer(exchange, 200, "four"));
        Http2Client client = connectHttp2();

        Response response = client.response(client.open("HEAD", "/", true));

        assertThat(response.headers()).containsEntry("content-length", "4");
        assertThat(response.body()).isEmpty();
        assertThat(response.whole()).isTrue();
    }

    @Test
    void theBodyIsAskedForWhenTheHandlerReadsIt() throws Exception {
        serve(exchange ->
                answer(exchange, 200, "read " + exchange.getRequestBody().readAllBytes().length));
        Http2Client client = connectHttp2();

        int stream = client.open("POST", "/", false, "expect", "100-continue");
        client.await(Http2Frame.HEADERS);
        assertThat(client.soFar(stream).interim()).containsExactly(100);
        client.send(Http2Frame.data(stream, true, new byte[5]));

        assertThat(client.response(stream).text()).isEqualTo("read 5");
    }

    @Test
    void interimResponsesComeBeforeTheFinalOne() throws Exception {
        serve(exchange -> {
            exchange.sendResponseHeaders(103, -1);
            answer(exchange, 200, "final");
        });
        Http2Client client = connectHttp2();

        Response response = client.response(client.get("/"));

        assertThat(response.interim()).containsExactly(103);
        assertThat(response.text()).isEqualTo("final");
    }

    @Test
    void trailersEndARequest() throws Exception {
        serve(exchange ->
                answer(exchange, 200, "read " + exchange.getRequestBody().readAllBytes().length));
        Http2Client client = connectHttp2();

        int stream = client.open("POST", "/", false);
        client.send(Http2Frame.data(stream, false, new byte[7]));
        client.send(Http2Frame.headers(stream, true, "x-checksum", "1"));

        assertThat(client.response(stream).text()).isEqualTo("read 7");
    }

    @Test
    void aHandlerThatFailsBeforeTheHeadGives500() throws Exception {
        serve(exchange -> {
            throw new IllegalStateException("test");
        });
        Http2Client client = connectHttp2();

        assertThat(client.response(client.get("/")).status()).isEqualTo(500);
        assertThat(client.response(client.get("/")).status()).isEqualTo(500);
    }

    @Test
    void aHandlerThatFailsAfterTheHeadResetsItsStreamAlone() throws Exception {
        serve(exchange -> {
            if (exchange.getRequestURI().getPath().equals("/fail")) {
                exchange.sendResponseHeaders(200, 0);
                exchange.getResponseBody().write(new byte[10]);
                exchange.getResponseBody().flush();
                throw new IllegalStateException("test");
            }
            answer(exchange, 200, "fine");
        });
        Http2Client client = connectHttp2();

        Response failed = client.response(client.get("/fail"));

        assertThat(failed.status()).isEqualTo(200);
        assertThat(failed.reset()).isEqualTo(OptionalInt.of(INTERNAL_ERROR));
        assertThat(client.response(client.get("/")).text()).isEqualTo("fine");
    }

    @Test
    void anUploadThatIsNotReadIsAnsweredAndThenRefused() throws Exception {
        serve(exchange -> answer(exchange, 401, "no"));
        Http2Client client = connectHttp2();

        int stream = client.open("POST", "/", false);
        client.send(Http2Frame.data(stream, false, new byte[1000]));
        Response response = client.response(stream);
        client.await(Http2Frame.RST_STREAM);

        assertThat(response.status()).isEqualTo(401);
        assertThat(response.text()).isEqualTo("no");
        assertThat(response.whole()).isTrue();
        assertThat(client.soFar(stream).reset()).isEqualTo(OptionalInt.of(NO_ERROR));
        assertThat(client.response(client.get("/")).status()).isEqualTo(401);
    }

    @Test
    void aClientThatResetsAStreamFailsItsHandler() throws Exception {
        CompletableFuture<Throwable> seen = new CompletableFuture<>();
        CountDownLatch entered = new CountDownLatch(1);
        serve(exchange -> {
            entered.countDown();
            try {
                exchange.getRequestBody().readAllBytes();
                seen.complete(new AssertionError("read to its end"));
            } catch (IOException e) {
                seen.complete(e);
                throw e;
            }
        });
        Http2Client client = connectHttp2();
        int stream = client.open("POST", "/", false);
        client.send(Http2Frame.data(stream, false, new byte[10]));
        await(entered);

        client.send(Http2Frame.reset(stream, CANCEL));

        assertThat(Await.event("the handler's failure", seen, SOON)).isInstanceOf(IOException.class);
    }

    @Test
    void aClientThatResetsAStreamFailsAHandlerThatWrites() throws Exception {
        CompletableFuture<Throwable> seen = new CompletableFuture<>();
        serve(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            try {
                writeForEver(exchange);
            } catch (IOException e) {
                seen.complete(e);
                throw e;
            }
        });
        Http2Client client = connectHttp2().silent();
        int stream = client.get("/");
        client.await(Http2Frame.DATA);

        client.send(Http2Frame.reset(stream, CANCEL));

        assertThat(Await.event("the handler's failure", seen, SOON)).isInstanceOf(IOException.class);
    }

    @Test
    void aHandlerThatDoesNotReadStopsItsUploadAndNoOther() throws Exception {
        CountDownLatch released = new CountDownLatch(1);
        serve(exchange -> {
            if (exchange.getRequestURI().getPath().equals("/held")) {
                await(released);
            }
            answer(exchange, 200, "read " + exchange.getRequestBody().readAllBytes().length);
        });
        Http2Client client = connectHttp2();
        client.synchronize();
        int held = client.open("POST", "/held", false);
        int window = 256 * 1024;
        sendData(client, held, window, false);
        client.synchronize();
        int other = client.open("POST", "/other", false);
        sendData(client, other, window, true);

        assertThat(client.response(other).text()).isEqualTo("read " + window);
        // The window was given back for what the body's buffer holds, and no more.
        released.countDown();
        client.await(frame -> frame.type() == Http2Frame.WINDOW_UPDATE && frame.stream() == held);
        client.send(Http2Frame.data(held, true, new byte[10]));
        assertThat(client.response(held).text()).isEqualTo("read " + (window + 10));
    }

    @Test
    void aClientThatExceedsTheWindowOfAStreamLosesIt() throws Exception {
        CountDownLatch released = new CountDownLatch(1);
        serve(exchange -> await(released));
        Http2Client client = connectHttp2().synchronize();
        int held = client.open("POST", "/", false);

        sendData(client, held, 512 * 1024, false);
        Response response = client.response(held);
        released.countDown();

        assertThat(response.reset()).isEqualTo(OptionalInt.of(3)); // FLOW_CONTROL_ERROR
    }

    @Test
    void aSlowReaderHoldsItsHandlerBack() throws Exception {
        AtomicLong written = new AtomicLong();
        int size = 4 << 20;
        serve(exchange -> {
            exchange.sendResponseHeaders(200, size);
            byte[] piece = new byte[16 * 1024];
            for (int i = 0; i < size / piece.length; i++) {
                exchange.getResponseBody().write(piece);
                written.addAndGet(piece.length);
            }
            exchange.close();
        });
        Http2Client client = connectHttp2().silent();
        int stream = client.get("/");
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        while (body.size() < 1 << 20) {
            body.writeBytes(client.await(Http2Frame.DATA).payload());
        }
        // The windows, of 1 MiB, are used up; what the handler is ahead is its own allowance.
        assertThat(written.get()).isLessThan((1 << 20) + 512 * 1024);

        client.send(Http2Frame.windowUpdate(0, size)).send(Http2Frame.windowUpdate(stream, size));
        assertThat(client.response(stream).body()).hasSize(size);
    }

    @Test
    void aClientThatReadsNothingLosesItsStreamInTime() throws Exception {
        HttpServerOptions options =
                HttpServerOptions.builder().writeTimeout(Duration.ofMillis(300)).build();
        serve(options, exchange -> {
            if (exchange.getRequestURI().getPath().equals("/end")) {
                answer(exchange, 200, "more than the window");
            } else {
                exchange.sendResponseHeaders(200, 0);
                writeForEver(exchange);
            }
        });
        Http2Client client = connectRawly()
                .silent()
                .send(Http2Client.MAGIC.getBytes(US_ASCII))
                .send(Http2Frame.settings(1, 0, 4, 10));

        assertThat(client.response(client.get("/")).reset()).isEqualTo(OptionalInt.of(INTERNAL_ERROR));
        assertThat(client.response(client.get("/end")).reset()).isEqualTo(OptionalInt.of(CANCEL));
    }

    @Test
    void aBodyThatIsTooLargeIsAnswered413() throws Exception {
        HttpServerOptions options =
                HttpServerOptions.builder().maxRequestBody(1000).build();
        serve(
                options,
                exchange -> answer(exchange, 200, "" + exchange.getRequestBody().readAllBytes().length));
        Http2Client client = connectHttp2();

        int stream = client.open("POST", "/", false);
        client.send(Http2Frame.data(stream, false, new byte[2000]));

        assertThat(client.response(stream).status()).isEqualTo(413);
    }

    @Test
    void aRequestIsReadHoweverItsBytesAreCut() throws Exception {
        serve(exchange ->
                answer(exchange, 200, "read " + exchange.getRequestBody().readAllBytes().length));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(Http2Client.MAGIC.getBytes(US_ASCII));
        bytes.writeBytes(Http2Frame.settings(1, 0).bytes());
        bytes.writeBytes(
                Http2Frame.headers(1, false, ":method", "POST", ":scheme", "http", ":path", "/", ":authority", "test")
                        .bytes());
        bytes.writeBytes(Http2Frame.data(1, true, new byte[3]).bytes());
        byte[] whole = bytes.toByteArray();
        for (int cut = 1; cut < whole.length; cut++) {
            try (Http2Client client = connectRawly()) {
                client.send(Arrays.copyOf(whole, cut));
                client.send(Arrays.copyOfRange(whole, cut, whole.length));
                assertThat(client.response(1).text()).as("cut at " + cut).isEqualTo("read 3");
            }
        }
    }

    @Test
    void withoutTheOptionThePrefaceIsABadRequest() throws Exception {
        serve(HttpServerOptions.builder().http2(false).build(), exchange -> answer(exchange, 200, ""));

        assertThat(connect().send(Http2Client.MAGIC).receive().status()).isEqualTo(505);
    }

    @Test
    void aConnectionOnWhichNothingIsAskedIsFinishedInOrder() throws Exception {
        serve(
                HttpServerOptions.builder().idleTimeout(Duration.ofMillis(200)).build(),
                exchange -> answer(exchange, 200, ""));
        Http2Client client = connectHttp2();
        int stream = client.get("/");
        client.response(stream);

        client.readToEnd();

        assertThat(client.goAways())
                .containsExactly(
                        new Http2Client.GoAway(Integer.MAX_VALUE, NO_ERROR), new Http2Client.GoAway(stream, NO_ERROR));
    }

    @Test
    void aPrefaceThatNeverEndsIsBounded() throws Exception {
        serve(
                HttpServerOptions.builder().headTimeout(Duration.ofMillis(200)).build(),
                exchange -> answer(exchange, 200, ""));
        Http2Client half = connectRawly().send("PRI * HT".getBytes(US_ASCII));
        Http2Client withoutSettings = connectRawly().silent().send(Http2Client.MAGIC.getBytes(US_ASCII));

        assertThat(half.read()).isEmpty();
        withoutSettings.readToEnd();
        assertThat(withoutSettings.goAways()).containsExactly(new Http2Client.GoAway(0, NO_ERROR));
    }

    private static void sendData(Http2Client client, int stream, int size, boolean end) throws IOException {
        byte[] piece = new byte[16 * 1024];
        for (int sent = 0; sent < size; sent += piece.length) {
            client.send(Http2Frame.data(stream, end && sent + piece.length >= size, piece));
        }
    }

    private static void writeForEver(HttpExchange exchange) throws IOException {
        byte[] piece = new byte[16 * 1024];
        while (true) {
            exchange.getResponseBody().write(piece);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
