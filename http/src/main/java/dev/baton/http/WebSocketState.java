package dev.baton.http;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * A WebSocket between two messages, for another process.
 *
 * <p>Encoded as {@code format:2, migration, version:4, subprotocol, demand:8, question:8, session}, in network byte order;
 * what has no size is {@code length:4} and the bytes, text in UTF-8.
 *
 * @param migration the name of the application's encoding
 * @param version of the application's encoding
 * @param demand what the listener has requested and has not got
 * @param question of the Ping whose answer may still come, see {@link Heartbeat}
 * @param session in the application's encoding
 */
@SuppressWarnings("ArrayRecordComponent") // Passed on once, never compared.
record WebSocketState(String migration, int version, String subprotocol, long demand, long question, byte[] session) {
    private static final short FORMAT = 1;

    byte[] encode() {
        byte[] name = migration.getBytes(StandardCharsets.UTF_8);
        byte[] protocol = subprotocol.getBytes(StandardCharsets.UTF_8);
        int numbers = Short.BYTES + 4 * Integer.BYTES + 2 * Long.BYTES;
        ByteBuffer out = ByteBuffer.allocate(numbers + name.length + protocol.length + session.length);
        out.putShort(FORMAT);
        put(out, name);
        out.putInt(version);
        put(out, protocol);
        out.putLong(demand).putLong(question);
        put(out, session);
        return out.array();
    }

    private static void put(ByteBuffer out, byte[] bytes) {
        out.putInt(bytes.length).put(bytes);
    }

    /** Empty if it is of another format. */
    static Optional<WebSocketState> decode(byte[] encoded) {
        ByteBuffer in = ByteBuffer.wrap(encoded);
        try {
            if (in.getShort() != FORMAT) {
                return Optional.empty();
            }
            String migration = text(in);
            int version = in.getInt();
            String subprotocol = text(in);
            long demand = in.getLong();
            long question = in.getLong();
            byte[] session = bytes(in);
            boolean whole = !in.hasRemaining() && demand >= 0;
            return whole
                    ? Optional.of(new WebSocketState(migration, version, subprotocol, demand, question, session))
                    : Optional.empty();
        } catch (BufferUnderflowException _) {
            return Optional.empty();
        }
    }

    private static String text(ByteBuffer in) {
        return new String(bytes(in), StandardCharsets.UTF_8);
    }

    private static byte[] bytes(ByteBuffer in) {
        int length = in.getInt();
        if (length < 0 || length > in.remaining()) {
            throw new BufferUnderflowException();
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        return bytes;
    }
}
