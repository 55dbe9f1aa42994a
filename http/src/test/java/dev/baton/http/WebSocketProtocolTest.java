package dev.baton.http;

import static dev.baton.http.FrameClient.BINARY;
import static dev.baton.http.FrameClient.CLOSE;
import static dev.baton.http.FrameClient.CONTINUATION;
import static dev.baton.http.FrameClient.FIN;
import static dev.baton.http.FrameClient.PING;
import static dev.baton.http.FrameClient.PONG;
import static dev.baton.http.FrameClient.RSV1;
import static dev.baton.http.FrameClient.TEXT;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.http.FrameClient.Frame;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What goes over the wire, right and wrong (RFC 6455). */
class WebSocketProtocolTest extends WebSocketServerTest {
    private final WebSocketTestListener listener = new WebSocketTestListener();

    private FrameClient openWith(WebSocketOptions options, String... headers) throws Exception {
        serve(options, listener);
        FrameClient client = open(headers);
        assertThat(listener.next()).isEqualTo("open");
        return client;
    }

    private FrameClient openPlain() throws Exception {
        return openWith(WebSocketOptions.defaults());
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            POST, websocket, Upgrade, 13, dGhlIHNhbXBsZSBub25jZQ==, 405
            GET,  h2c,       Upgrade, 13, dGhlIHNhbXBsZSBub25jZQ==, 426
            GET,  websocket, close,   13, dGhlIHNhbXBsZSBub25jZQ==, 426
            GET,  websocket, Upgrade, 8,  dGhlIHNhbXBsZSBub25jZQ==, 426
            GET,  websocket, Upgrade, 13, dGhlIHNhbXBsZSBub25jZQ,   101
            GET,  websocket, Upgrade, 13, c2hvcnQ=,                 400
            GET,  websocket, Upgrade, 13, '!!!',                    400
            GET,  WebSocket, upgrade, 13, dGhlIHNhbXBsZSBub25jZQ==, 101""")
    void aHandshakeIsAnsweredByTheRules(
            String method, String upgrade, String connection, String version, String key, int status) throws Exception {
        serve(WebSocketOptions.defaults(), listener);
        RawClient.Response response = connect()
                .send(method + " / HTTP/1.1\r\nHost: t\r\nUpgrade: " + upgrade + "\r\nConnection: " + connection
                        + "\r\nSec-WebSocket-Key: " + key + "\r\nSec-WebSocket-Version: " + version + "\r\n\r\n")
                .receive();
        assertThat(response.status()).isEqualTo(status);
        if (status == 426) {
            assertThat(response.header("Sec-WebSocket-Version")).isEqualTo("13");
        }
    }

    @Test
    void theServersPreferredSubprotocolIsChosen() throws Exception {
        serve(WebSocketOptions.builder().subprotocols("v2", "v1").build(), listener);
        RawClient client = connect().send(FrameClient.HANDSHAKE + "Sec-WebSocket-Protocol: v0, v1, v2\r\n\r\n");
        assertThat(client.receive().header("Sec-WebSocket-Protocol")).isEqualTo("v2");
        assertThat(accepted().getSubprotocol()).isEqualTo("v2");
    }

    @Test
    void noSubprotocolIsChosenThatWasNotOffered() throws Exception {
        serve(WebSocketOptions.builder().subprotocols("v2").build(), listener);
        RawClient client = connect().send(FrameClient.HANDSHAKE + "Sec-WebSocket-Protocol: v1\r\n\r\n");
        assertThat(client.receive().header("Sec-WebSocket-Protocol")).isNull();
        assertThat(accepted().getSubprotocol()).isEmpty();
    }

    @Test
    void framesThatComeTogetherWithTheHandshakeAreNotLost() throws Exception {
        serve(WebSocketOptions.defaults(), listener);
        RawClient client = connect();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes((FrameClient.HANDSHAKE + "\r\n").getBytes(ISO_8859_1));
        bytes.writeBytes(FrameClient.frame(FIN | TEXT, "early".getBytes(UTF_8)));
        client.send(bytes.toByteArray());
        FrameClient.afterHandshake(client);
        assertThat(listener.next()).isEqualTo("open");
        assertThat(listener.next()).isEqualTo("text early");
    }

    @Test
    void fragmentsArriveAsTheyCameWithControlFramesBetweenThem() throws Exception {
        FrameClient client = openPlain();
        byte[] euro = "€".getBytes(UTF_8);
        client.send(TEXT, "one ").send(FIN | PING, "p");
        client.send(CONTINUATION, Arrays.copyOf(euro, 1)).send(FIN | PONG, "q");
        client.send(FIN | CONTINUATION, Arrays.copyOfRange(euro, 1, euro.length));
        assertThat(listener.next()).isEqualTo("part one ");
        assertThat(listener.next()).isEqualTo("ping p");
        assertThat(listener.next()).as("a character is not divided").isEqualTo("part ");
        assertThat(listener.next()).isEqualTo("pong q");
        assertThat(listener.next()).isEqualTo("text €");
        Frame pong = client.receive();
        assertThat(pong.opcode()).isEqualTo(PONG);
        assertThat(pong.text()).isEqualTo("p");
    }

    @Test
    void whatTheServerSendsInPartsIsOneFragmentedMessage() throws Exception {
        FrameClient client = openPlain();
        WebSocket server = accepted();
        server.sendText("a", false).join().sendText("b", false).join();
        server.sendPing(ByteBuffer.wrap(new byte[] {7})).join();
        server.sendText("c", true).join();
        server.sendBinary(ByteBuffer.wrap(new byte[70_000]), true).join();
        assertThat(client.receive())
                .satisfies(frame -> assertThat(frame.first()).isEqualTo(TEXT));
        assertThat(client.receive())
                .satisfies(frame -> assertThat(frame.first()).isEqualTo(CONTINUATION));
        assertThat(client.receive())
                .satisfies(frame -> assertThat(frame.first()).isEqualTo(FIN | PING));
        assertThat(client.receive())
                .satisfies(frame -> assertThat(frame.first()).isEqualTo(FIN | CONTINUATION));
        Frame binary = client.receive();
        assertThat(binary.first()).isEqualTo(FIN | BINARY);
        assertThat(binary.payload()).hasSize(70_000);
    }

    static Stream<Arguments> violations() {
        byte[] none = {};
        byte[] badText = {'a', (byte) 0xff};
        return Stream.of(
                Arguments.of("an unmasked frame", FrameClient.frame(FIN | TEXT, none, false), 1002),
                Arguments.of("a reserved bit", FrameClient.frame(FIN | RSV1 | TEXT, none), 1002),
                Arguments.of("a reserved opcode", FrameClient.frame(FIN | 3, none), 1002),
                Arguments.of("a fragmented ping", FrameClient.frame(PING, none), 1002),
                Arguments.of("a ping of 126 bytes", FrameClient.frame(FIN | PING, new byte[126]), 1002),
                Arguments.of("a continuation of nothing", FrameClient.frame(FIN | CONTINUATION, none), 1002),
                Arguments.of("a close of one byte", FrameClient.frame(FIN | CLOSE, new byte[1]), 1002),
                Arguments.of("a close with 1005", FrameClient.frame(FIN | CLOSE, new byte[] {3, (byte) 0xed}), 1002),
                Arguments.of("a close with 999", FrameClient.frame(FIN | CLOSE, new byte[] {3, (byte) 0xe7}), 1002),
                Arguments.of("bad UTF-8", FrameClient.frame(FIN | TEXT, badText), 1007),
                Arguments.of("half a character", FrameClient.frame(FIN | TEXT, new byte[] {(byte) 0xe2}), 1007),
                Arguments.of("a large frame", FrameClient.frame(FIN | BINARY, new byte[5_000]), 1009));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("violations")
    void aViolationIsAnsweredWithItsCode(String name, byte[] bytes, int code) throws Exception {
        FrameClient client =
                openWith(WebSocketOptions.builder().maxFrameSize(4_000).build());
        client.sendRaw(bytes);
        Frame close = client.receive();
        assertThat(close.opcode()).isEqualTo(CLOSE);
        assertThat(close.closeCode()).isEqualTo(code);
        assertThat(listener.next()).startsWith("error ");
        client.send(FIN | TEXT, "more, which nobody reads");
        assertThat(client.isAtEnd()).isTrue();
        assertThat(accepted().isInputClosed()).isTrue();
    }

    @Test
    void aMessageThatIsTooBigOverItsFramesIsAnswered1009EvenWhileItIsStillBeingSent() throws Exception {
        FrameClient client =
                openWith(WebSocketOptions.builder().maxMessageSize(100_000).build());
        Thread sender = Thread.ofVirtual().start(() -> {
            try {
                client.send(BINARY, new byte[60_000]);
                for (int i = 0; i < 100; i++) {
                    client.send(CONTINUATION, new byte[60_000]);
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        assertThat(client.receive().closeCode()).isEqualTo(1009);
        sender.join();
        client.raw().endOutput();
        assertThat(client.isAtEnd()).isTrue();
    }

    @Test
    void aFragmentedMessageMayBeFollowedByAnotherOfFullSize() throws Exception {
        FrameClient client =
                openWith(WebSocketOptions.builder().maxMessageSize(10).build());
        client.send(BINARY, "12345").send(FIN | CONTINUATION, "67890").send(FIN | BINARY, "1234567890");
        assertThat(listener.next()).isEqualTo("binary part 12345");
        assertThat(listener.next()).isEqualTo("binary 67890");
        assertThat(listener.next()).isEqualTo("binary 1234567890");
    }

    @Test
    void theClientsCloseIsAnsweredWithItsCodeAndTheServerClosesTheSocket() throws Exception {
        FrameClient client = openPlain();
        client.sendClose(4321, "bye");
        assertThat(client.receive().closeCode()).isEqualTo(4321);
        assertThat(client.isAtEnd()).isTrue();
        assertThat(listener.next()).isEqualTo("close 4321 bye");
        assertThat(accepted().isOutputClosed()).isTrue();
    }

    @Test
    void aCloseWithoutACodeIsAnsweredWithoutOne() throws Exception {
        FrameClient client = openPlain();
        client.send(FIN | CLOSE, "");
        assertThat(client.receive().payload()).isEmpty();
        assertThat(listener.next()).isEqualTo("close 1005 ");
    }

    @Test
    void theServersCloseWaitsForTheClientsAndGivesWhatCameBeforeIt() throws Exception {
        FrameClient client = openPlain();
        accepted().sendClose(1000, "done").join();
        assertThat(client.receive().closeCode()).isEqualTo(1000);
        client.send(FIN | TEXT, "last words").sendClose(1000, "");
        assertThat(client.isAtEnd()).isTrue();
        assertThat(listener.next()).isEqualTo("text last words");
        assertThat(listener.next()).isEqualTo("close 1000 ");
    }

    @Test
    void aClientThatDoesNotAnswerACloseIsBounded() throws Exception {
        FrameClient client = openWith(
                WebSocketOptions.builder().closeTimeout(Duration.ofMillis(200)).build());
        accepted().sendClose(1000, "").join();
        assertThat(client.receive().closeCode()).isEqualTo(1000);
        assertThat(client.isAtEnd()).isTrue();
        assertThat(listener.next()).isEqualTo("error SocketTimeoutException");
    }

    @Test
    void aClientThatIsGoneWithoutACloseIsReportedAs1006() throws Exception {
        FrameClient client = openPlain();
        client.raw().close();
        assertThat(listener.next()).isEqualTo("close 1006 ");
    }

    @Test
    void aSilentClientIsPingedAndOneThatDoesNotAnswerIsGivenUp() throws Exception {
        FrameClient client = openWith(
                WebSocketOptions.builder().pingInterval(Duration.ofMillis(150)).build());
        Frame ping = client.receive();
        assertThat(ping.opcode()).isEqualTo(PING);
        client.send(FIN | PONG, ping.payload());
        assertThat(client.receive().opcode()).as("the answer was heard").isEqualTo(PING);
        assertThat(client.isAtEnd()).isTrue();
        assertThat(listener.next()).as("no onPong for the server's own").isEqualTo("error SocketTimeoutException");
    }

    @Test
    void aFloodOfPingsFromAClientThatReadsNothingPilesUpNoAnswers() throws Exception {
        serve(WebSocketOptions.defaults(), new WebSocketTestListener() {
            @Override
            public CompletionStage<?> onPing(WebSocket webSocket, ByteBuffer message) {
                return CompletableFuture.completedStage(null);
            }
        });
        FrameClient client = FrameClient.open(connectWithSmallReceiveBuffer());
        byte[] ping = FrameClient.frame(FIN | PING, new byte[125]);
        ByteArrayOutputStream many = new ByteArrayOutputStream();
        for (int i = 0; i < 1_000; i++) {
            many.writeBytes(ping);
        }
        for (int i = 0; i < 60; i++) {
            client.sendRaw(many.toByteArray());
        }
        client.sendRaw(FrameClient.frame(FIN | PING, "end".getBytes(UTF_8)));
        int answers = 1;
        while (!client.receive().text().equals("end")) {
            answers++;
        }
        assertThat(answers).as("of 60001 pings, 8 MB of answers").isLessThan(60_001);
    }

    @Test
    void whatWasNotRequestedIsNotReadAndNothingIsLost() throws Exception {
        WebSocketTestListener slow = new WebSocketTestListener(1);
        serve(WebSocketOptions.defaults(), slow);
        FrameClient client = open();
        assertThat(slow.next()).isEqualTo("open");
        int count = 100;
        Thread sender = Thread.ofVirtual().start(() -> {
            try {
                for (int i = 0; i < count; i++) {
                    client.send(FIN | BINARY, new byte[60_000]);
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        assertThat(slow.next()).startsWith("binary ");
        assertThat(slow.next(Duration.ofMillis(300))).as("one was requested").isNull();
        assertThat(sender.isAlive()).as("6 MB do not fit between").isTrue();
        WebSocket server = accepted();
        for (int i = 1; i < count; i++) {
            server.request(1);
            assertThat(slow.next()).hasSize("binary ".length() + 60_000);
        }
        sender.join();
    }

    @Test
    void compressedMessagesGoBothWays() throws Exception {
        FrameClient client = openWith(
                WebSocketOptions.builder().compression(true).build(),
                "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n");
        String text = "again and again ".repeat(1000) + new BigInteger(20_000, new Random(1));
        byte[] small = deflate(text.getBytes(UTF_8));
        client.send(RSV1 | TEXT, Arrays.copyOf(small, small.length / 2));
        client.send(FIN | CONTINUATION, Arrays.copyOfRange(small, small.length / 2, small.length));
        StringBuilder got = new StringBuilder();
        for (String event = ""; !event.startsWith("text "); got.append(event.substring(5))) {
            event = listener.next();
        }
        assertThat(got.toString()).isEqualTo(text);
        accepted().sendText(text, true).join();
        Frame frame = client.receive();
        assertThat(frame.first()).isEqualTo(FIN | RSV1 | TEXT);
        assertThat(frame.payload().length).isLessThan(text.length() / 2);
        assertThat(new String(inflate(frame.payload(), text.length()), UTF_8)).isEqualTo(text);
    }

    @Test
    void aBombIsAnswered1009AndGarbage1007() throws Exception {
        WebSocketOptions options = WebSocketOptions.builder()
                .compression(true)
                .maxMessageSize(100_000)
                .build();
        FrameClient bomb = openWith(options, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
        bomb.send(FIN | RSV1 | BINARY, deflate(new byte[50 << 20]));
        assertThat(bomb.receive().closeCode()).isEqualTo(1009);
        FrameClient garbage = open("Sec-WebSocket-Extensions: permessage-deflate\r\n");
        garbage.send(FIN | RSV1 | BINARY, new byte[] {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff});
        assertThat(garbage.receive().closeCode()).isEqualTo(1007);
    }

    @Test
    void compressionIsDeclinedUnlessAskedFor() throws Exception {
        serve(WebSocketOptions.defaults(), listener);
        RawClient client =
                connect().send(FrameClient.HANDSHAKE + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
        assertThat(client.receive().header("Sec-WebSocket-Extensions")).isNull();
    }

    /** One message of RFC 7692, section 7.2.1: without the four bytes of the empty block at its end. */
    private static byte[] deflate(byte[] bytes) {
        Deflater deflater = new Deflater(6, true);
        deflater.setInput(bytes);
        byte[] out = new byte[bytes.length + 100];
        int length = deflater.deflate(out, 0, out.length, Deflater.SYNC_FLUSH);
        deflater.end();
        return Arrays.copyOf(out, length - 4);
    }

    private static byte[] inflate(byte[] bytes, int size) throws Exception {
        Inflater inflater = new Inflater(true);
        byte[] whole = Arrays.copyOf(bytes, bytes.length + 4);
        whole[bytes.length + 2] = (byte) 0xff;
        whole[bytes.length + 3] = (byte) 0xff;
        inflater.setInput(whole);
        byte[] out = new byte[size];
        assertThat(inflater.inflate(out)).isEqualTo(size);
        inflater.end();
        return out;
    }
}
