package dev.baton.testkit;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * One frame of HTTP/2 (RFC 9113, section 4.1), as it is on the wire. Nothing is checked: a test may send what no client
 * would.
 *
 * @param type one of the constants, or any other number up to 255
 * @param flags as the type defines them
 * @param stream 0 for the connection
 */
@SuppressWarnings("ArrayRecordComponent") // Nobody compares frames.
public record Http2Frame(int type, int flags, int stream, byte[] payload) {
    public static final int DATA = 0;
    public static final int HEADERS = 1;
    public static final int PRIORITY = 2;
    public static final int RST_STREAM = 3;
    public static final int SETTINGS = 4;
    public static final int PUSH_PROMISE = 5;
    public static final int PING = 6;
    public static final int GOAWAY = 7;
    public static final int WINDOW_UPDATE = 8;
    public static final int CONTINUATION = 9;

    /** Of DATA and HEADERS. */
    public static final int END_STREAM = 1;
    /** Of SETTINGS and PING. */
    public static final int ACK = 1;
    /** Of HEADERS and CONTINUATION. */
    public static final int END_HEADERS = 4;
    /** Of DATA and HEADERS. */
    public static final int PADDED = 8;

    /** A whole header section; names and values in turn. */
    public static Http2Frame headers(int stream, boolean endStream, String... lines) {
        return new Http2Frame(
                HEADERS, END_HEADERS | (endStream ? END_STREAM : 0), stream, HeaderBlock.encode(List.of(lines)));
    }

    public static Http2Frame data(int stream, boolean endStream, byte[] content) {
        return new Http2Frame(DATA, endStream ? END_STREAM : 0, stream, content);
    }

    public static Http2Frame reset(int stream, int error) {
        return new Http2Frame(RST_STREAM, 0, stream, fourBytes(error));
    }

    public static Http2Frame windowUpdate(int stream, int increment) {
        return new Http2Frame(WINDOW_UPDATE, 0, stream, fourBytes(increment));
    }

    public static Http2Frame ping(long content) {
        return new Http2Frame(
                PING, 0, 0, ByteBuffer.allocate(Long.BYTES).putLong(content).array());
    }

    /** Identifiers and values in turn. */
    public static Http2Frame settings(int... values) {
        ByteBuffer payload = ByteBuffer.allocate(values.length * 3);
        for (int i = 0; i < values.length; i += 2) {
            payload.putShort((short) values[i]).putInt(values[i + 1]);
        }
        return new Http2Frame(SETTINGS, 0, 0, payload.array());
    }

    private static byte[] fourBytes(int value) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(value).array();
    }

    /** Whether a flag is set. */
    public boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /** Four bytes of the payload as a number: the error of RST_STREAM and, behind 4, of GOAWAY; its last stream. */
    public int number(int offset) {
        return ByteBuffer.wrap(payload).getInt(offset);
    }

    /** As it is on the wire. */
    public byte[] bytes() {
        return ByteBuffer.allocate(9 + payload.length)
                .put((byte) (payload.length >> 16))
                .putShort((short) payload.length)
                .put((byte) type)
                .put((byte) flags)
                .putInt(stream)
                .put(payload)
                .array();
    }

    @Override
    public String toString() {
        String name = switch (type) {
            case DATA -> "DATA";
            case HEADERS -> "HEADERS";
            case RST_STREAM -> "RST_STREAM(" + number(0) + ")";
            case SETTINGS -> "SETTINGS";
            case PING -> "PING";
            case GOAWAY -> "GOAWAY(" + number(0) + ", " + number(4) + ")";
            case WINDOW_UPDATE -> "WINDOW_UPDATE(" + number(0) + ")";
            default -> "frame of type " + type;
        };
        return name + " on " + stream + ", flags " + flags + ", " + payload.length + " bytes";
    }
}
