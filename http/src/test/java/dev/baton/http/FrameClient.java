package dev.baton.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/** A WebSocket client that sends the frames it is told to, right or wrong, and reads one frame at a time. */
final class FrameClient {
    static final int CONTINUATION = 0;
    static final int TEXT = 1;
    static final int BINARY = 2;
    static final int CLOSE = 8;
    static final int PING = 9;
    static final int PONG = 10;
    static final int FIN = 0x80;
    static final int RSV1 = 0x40;

    /** The key and the accept value of RFC 6455, section 1.3. */
    static final String HANDSHAKE = lines(
            "GET /chat HTTP/1.1",
            "Host: t",
            "Upgrade: websocket",
            "Connection: keep-alive, Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13");

    static final String ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    private final RawClient client;
    private final DataInputStream input;

    private FrameClient(RawClient client) {
        this.client = client;
        this.input = new DataInputStream(client.input());
    }

    private static String lines(String... lines) {
        return String.join("\r\n", lines) + "\r\n";
    }

    /** A frame as it came. */
    @SuppressWarnings("ArrayRecordComponent") // Nobody compares frames.
    record Frame(int first, byte[] payload) {
        int opcode() {
            return first & 0x0f;
        }

        boolean last() {
            return (first & FIN) != 0;
        }

        String text() {
            return new String(payload, UTF_8);
        }

        int closeCode() {
            return payload.length < 2 ? 1005 : ((payload[0] & 0xff) << 8) | (payload[1] & 0xff);
        }
    }

    static FrameClient open(RawClient client, String... headers) throws IOException {
        client.send(HANDSHAKE + String.join("", headers) + "\r\n");
        return afterHandshake(client);
    }

    static FrameClient openAt(String path, RawClient client) throws IOException {
        client.send(HANDSHAKE.replace("/chat", path) + "\r\n");
        return afterHandshake(client);
    }

    static FrameClient afterHandshake(RawClient client) throws IOException {
        RawClient.Response response = client.receive();
        assertThat(response.status()).isEqualTo(101);
        assertThat(response.header("Sec-WebSocket-Accept")).isEqualTo(ACCEPT);
        return new FrameClient(client);
    }

    static byte[] frame(int first, byte[] payload) {
        return frame(first, payload, true);
    }

    static byte[] frame(int first, byte[] payload, boolean masked) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            DataOutputStream out = new DataOutputStream(bytes);
            int mask = masked ? 0x80 : 0;
            out.write(first);
            if (payload.length < 126) {
                out.write(mask | payload.length);
            } else if (payload.length < 65536) {
                out.write(mask | 126);
                out.writeShort(payload.length);
            } else {
                out.write(mask | 127);
                out.writeLong(payload.length);
            }
            byte[] key = masked ? new byte[] {1, 2, 3, 4} : new byte[] {0, 0, 0, 0};
            if (masked) {
                out.write(key);
            }
            for (int i = 0; i < payload.length; i++) {
                out.write(payload[i] ^ key[i % 4]);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return bytes.toByteArray();
    }

    FrameClient send(int first, String text) throws IOException {
        return send(first, text.getBytes(UTF_8));
    }

    FrameClient send(int first, byte[] payload) throws IOException {
        client.send(frame(first, payload));
        return this;
    }

    FrameClient sendRaw(byte[] bytes) throws IOException {
        client.send(bytes);
        return this;
    }

    FrameClient sendClose(int code, String reason) throws IOException {
        byte[] text = reason.getBytes(ISO_8859_1);
        byte[] payload = new byte[2 + text.length];
        payload[0] = (byte) (code >> 8);
        payload[1] = (byte) code;
        System.arraycopy(text, 0, payload, 2, text.length);
        return send(FIN | CLOSE, payload);
    }

    Frame receive() throws IOException {
        int first = input.readUnsignedByte();
        int length = input.readUnsignedByte();
        assertThat(length & 0x80).as("a server does not mask").isZero();
        long size = length == 126 ? input.readUnsignedShort() : length == 127 ? input.readLong() : length;
        byte[] payload = new byte[(int) size];
        input.readFully(payload);
        return new Frame(first, payload);
    }

    boolean isAtEnd() throws IOException {
        return client.isAtEnd();
    }

    RawClient raw() {
        return client;
    }
}
