package dev.baton.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StrictConnectionTest {
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final Request ANY = Request.get("/", ExpectedBody.anything());

    @Test
    void anAnswerHasItsStatusHeadersAndBody() throws Exception {
        try (MisbehavingServer server = new MisbehavingServer(wire -> {
                    wire.readRequest();
                    wire.answer("hello", "Baton-Generation: 7", "X-Two: a", "x-two: b");
                });
                StrictConnection connection = StrictConnection.open(server.address())) {
            connection.send(ANY);
            assertThat(connection.receive(ANY, SOON)).isInstanceOfSatisfying(Answer.class, answer -> {
                assertThat(answer.status()).isEqualTo(200);
                assertThat(answer.text()).isEqualTo("hello");
                assertThat(answer.generation()).hasValue(7);
                assertThat(answer.announcesClose()).isFalse();
                assertThat(answer.headers().get("X-TWO")).containsExactly("a", "b");
            });
            assertThat(connection.awaitEnd(SOON)).isEqualTo(StrictConnection.Ending.CLOSED);
        }
    }

    @Test
    void aRequestMaySayItsBytesOneByOne() throws Exception {
        try (MisbehavingServer server = new MisbehavingServer(wire -> {
                    wire.readRequest();
                    wire.answer("ok");
                });
                StrictConnection connection = StrictConnection.open(server.address())) {
            for (byte b : "GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII)) {
                connection.write(new byte[] {b});
            }
            assertThat(connection.receive(ANY, SOON))
                    .asInstanceOf(InstanceOfAssertFactories.type(Answer.class))
                    .extracting(Answer::text)
                    .isEqualTo("ok");
        }
    }

    @Test
    void theEndOfAConnectionIsToldApart() throws Exception {
        try (MisbehavingServer server = new MisbehavingServer(wire -> {
            wire.readRequest();
            switch (wire.socket().getInputStream().read()) {
                case 'r' -> wire.reset();
                case 'b' -> wire.write("?");
                case 'h' -> wire.hang();
                default -> {}
            }
        })) {
            assertThat(endOf(server, "c", SOON)).isEqualTo(StrictConnection.Ending.CLOSED);
            assertThat(endOf(server, "r", SOON)).isEqualTo(StrictConnection.Ending.RESET);
            assertThat(endOf(server, "b", SOON)).isEqualTo(StrictConnection.Ending.BYTES);
            assertThat(endOf(server, "h", Duration.ofMillis(50))).isEqualTo(StrictConnection.Ending.STILL_OPEN);
        }
    }

    private static StrictConnection.Ending endOf(MisbehavingServer server, String command, Duration timeout)
            throws IOException {
        try (StrictConnection connection = StrictConnection.open(server.address())) {
            connection.send(ANY);
            connection.write(command.getBytes(StandardCharsets.US_ASCII));
            return connection.awaitEnd(timeout);
        }
    }

    @Test
    void aBodyIsCheckedByItsDigest() throws Exception {
        byte[] body = "x".repeat(100_000).getBytes(StandardCharsets.US_ASCII);
        String digest =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
        try (MisbehavingServer server = new MisbehavingServer(wire -> {
            wire.readRequest();
            wire.answer(new String(body, StandardCharsets.US_ASCII));
        })) {
            Request right = Request.get("/", ExpectedBody.sha256(body.length, digest));
            assertThat(StrictConnection.exchange(server.address(), right, SOON)).isInstanceOf(Answer.class);
            Request wrong = Request.get("/", ExpectedBody.sha256(body.length, "00".repeat(32)));
            assertThat(StrictConnection.exchange(server.address(), wrong, SOON))
                    .isInstanceOfSatisfying(
                            Failure.class, failure -> assertThat(failure.kind()).isEqualTo(FailureKind.WRONG_BODY));
        }
    }

    @Test
    void aRefusedConnectionIsAConnectException() throws Exception {
        InetSocketAddress address;
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            address = (InetSocketAddress) taken.getLocalSocketAddress();
        }
        assertThatThrownBy(() -> StrictConnection.open(address).close()).isInstanceOf(ConnectException.class);
        assertThat(StrictConnection.exchange(address, ANY, SOON))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.kind()).isEqualTo(FailureKind.REFUSED));
    }

    @Test
    void aUnixSocketIsServedToo(@TempDir Path directory) throws Exception {
        var address = UnixDomainSocketAddress.of(directory.resolve("socket"));
        try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(address);
            Thread.ofVirtual().start(() -> answerTwice(listener));
            assertThat(StrictConnection.exchange(address, ANY, SOON)).isInstanceOf(Answer.class);
            LoadReport report = Load.of(address, Request.get("/", ExpectedBody.bytes(new byte[] {'o', 'k'})))
                    .requests(1)
                    .start()
                    .join();
            assertThat(report.answered()).as(report.toString()).isEqualTo(1);
        }
    }

    private static void answerTwice(ServerSocketChannel listener) {
        try {
            for (int i = 0; i < 2; i++) {
                try (SocketChannel connection = listener.accept()) {
                    connection.read(ByteBuffer.allocate(4096));
                    connection.write(ByteBuffer.wrap(
                            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".getBytes(StandardCharsets.US_ASCII)));
                }
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
