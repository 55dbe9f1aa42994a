package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.drain.ConnectionState;
import dev.baton.drain.DrainReason;
import dev.baton.testkit.Answer;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
import dev.baton.testkit.TlsTransport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A connection until its protocol is known. */
final class TlsHandshakeTest extends HttpsServerTest {

    @ParameterizedTest
    @ValueSource(strings = {"", "16", "1603010200", "16030102000100"})
    void aHandshakeThatIsNotCompletedIsBounded(String begin) throws Exception {
        HttpServerOptions options = HttpServerOptions.builder()
                .handshakeTimeout(Duration.ofMillis(300))
                .build();
        serve(options, exchange -> answer(exchange, 200, "ok"));
        SocketChannel tcp = connectTcp();
        tcp.write(ByteBuffer.wrap(HexFormat.of().parseHex(begin)));

        assertThat(endOf(tcp)).isTrue();
    }

    /** Alerts may come before the end. */
    private static boolean endOf(SocketChannel tcp) throws IOException {
        ByteBuffer alerts = ByteBuffer.allocate(100);
        while (alerts.hasRemaining()) {
            if (tcp.read(alerts) < 0) {
                return true;
            }
        }
        return false;
    }

    @Test
    void aConnectionIsNewUntilTheFirstByteOfARequest() throws Exception {
        BatonHttpsServer server = serve(exchange -> answer(exchange, 200, "ok"));
        List<ConnectionState> states = Collections.synchronizedList(new ArrayList<>());
        CompletableFuture<Void> idle = new CompletableFuture<>();
        server.connections().onStateChange((_, _, to) -> {
            states.add(to);
            if (to == ConnectionState.IDLE) {
                idle.complete(null);
            }
        });
        RawClient client = connect(TLS_1_2).http();
        assertThat(states).as("after the handshake").containsExactly(ConnectionState.NEW);

        client.get("/").receive();
        idle.get(5, TimeUnit.SECONDS);
        assertThat(states).containsExactly(ConnectionState.NEW, ConnectionState.ACTIVE, ConnectionState.IDLE);
    }

    @Test
    void aDrainThatBeginsBeforeTheHandshakeIsKnownAfterIt() throws Exception {
        CompletableFuture<Void> accepted = new CompletableFuture<>();
        BatonHttpsServer server = serve(exchange -> answer(exchange, 200, "ok"));
        server.connections().onStateChange((_, _, _) -> accepted.complete(null));
        SocketChannel tcp = connectTcp();
        accepted.get(5, TimeUnit.SECONDS);
        CompletableFuture<?> drained = server.connections().drain(DrainReason.SUCCEEDED);

        RawClient client = closedAfterwards(TlsClient.connect(tcp, certificate().clientContext(), TLS_1_3))
                .http();
        assertThat(drained).as("the drain, before the connection has ended").isNotDone();
        assertThat(client.get("/").receive().header("Connection")).isEqualTo("close");
        assertThat(client.isAtEnd()).isTrue();
        drained.get(5, TimeUnit.SECONDS);
    }

    /** 3 bytes are not even the head of the first record; 100 are a part of the ClientHello. */
    @ParameterizedTest
    @ValueSource(ints = {3, 100})
    void aHandshakeThatIsHalfDoneWhenADrainBeginsIsCompletedAndItsRequestServed(int bytes) throws Exception {
        CompletableFuture<Void> accepted = new CompletableFuture<>();
        BatonHttpsServer server = serve(exchange -> answer(exchange, 200, "ok"));
        server.connections().onStateChange((_, _, _) -> accepted.complete(null));
        TlsTransport frozen =
                closedAfterwards(TlsTransport.connect(address(), certificate().clientContext()));
        frozen.beginHandshake(bytes);
        accepted.get(5, TimeUnit.SECONDS);
        CompletableFuture<?> drained = server.connections().drain(DrainReason.SUCCEEDED);
        assertThat(drained).as("the drain, before the connection has ended").isNotDone();

        frozen.handshake();
        StrictConnection thawed = StrictConnection.over(frozen, "localhost");
        Request request = Request.get("/", ExpectedBody.bytes("ok".getBytes(StandardCharsets.US_ASCII)));
        thawed.send(request);
        assertThat(thawed.receive(request, Duration.ofSeconds(10))).isInstanceOf(Answer.class);
        assertThat(thawed.awaitEnd(Duration.ofSeconds(10))).isEqualTo(StrictConnection.Ending.CLOSED);
        drained.get(5, TimeUnit.SECONDS);
    }

    @Test
    void aDrainThatIsUndoneDuringTheHandshakeLeavesNoTrace() throws Exception {
        CompletableFuture<Void> accepted = new CompletableFuture<>();
        BatonHttpsServer server = serve(exchange -> answer(exchange, 200, "ok"));
        server.connections().onStateChange((_, _, _) -> accepted.complete(null));
        SocketChannel tcp = connectTcp();
        accepted.get(5, TimeUnit.SECONDS);
        var _ = server.connections().drain(DrainReason.SUCCEEDED);
        server.connections().resume();

        RawClient client = closedAfterwards(TlsClient.connect(tcp, certificate().clientContext(), TLS_1_3))
                .http();
        assertThat(client.get("/").receive().header("Connection")).isNull();
        assertThat(client.get("/").receive().status()).isEqualTo(200);
    }
}
