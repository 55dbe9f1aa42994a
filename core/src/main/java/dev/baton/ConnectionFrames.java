package dev.baton;

import dev.baton.MovableConnection.Frozen;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Moved connections on the wire.
 *
 * <pre>
 *   CONNECTIONS   BATCH number, CONNECTION*, and a descriptor for each
 *   CONNECTION    length of the key:2, the listener's key, the state
 *   TAKEN         BATCH number, TAKEN: a byte for each connection, 1 if it is taken, else 0
 * </pre>
 */
final class ConnectionFrames {
    /** The most bytes of all CONNECTION fields of a frame. */
    static final int MAX_BYTES = Frame.MAX_BYTES - 64;

    private ConnectionFrames() {}

    /** A connection as it came. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    record Entry(ListenAddress listener, byte[] state) {}

    /** The bytes of a connection's field. */
    static int size(Frozen connection) {
        return Frame.FIELD_HEAD_BYTES + 2 + key(connection).length + connection.state().length;
    }

    private static byte[] key(Frozen connection) {
        return connection.listener().key().getBytes(StandardCharsets.UTF_8);
    }

    static Frame connections(int batch, List<Frozen> connections) {
        Frame frame = Frame.of(Frame.Type.CONNECTIONS).with(Frame.Tag.BATCH, batch);
        for (Frozen connection : connections) {
            byte[] key = key(connection);
            byte[] field = ByteBuffer.allocate(2 + key.length + connection.state().length)
                    .putShort((short) key.length)
                    .put(key)
                    .put(connection.state())
                    .array();
            frame.with(Frame.Tag.CONNECTION, field);
        }
        return frame;
    }

    /** What a CONNECTIONS frame lists, in the order of its descriptors. */
    static List<Entry> entries(Frame frame) throws ProtocolException {
        expect(frame, Frame.Type.CONNECTIONS);
        List<Entry> entries = new ArrayList<>();
        for (byte[] field : frame.values(Frame.Tag.CONNECTION)) {
            try {
                ByteBuffer buffer = ByteBuffer.wrap(field);
                byte[] key = new byte[Short.toUnsignedInt(buffer.getShort())];
                buffer.get(key);
                byte[] state = new byte[buffer.remaining()];
                buffer.get(state);
                entries.add(new Entry(ListenAddress.parse(new String(key, StandardCharsets.UTF_8)), state));
            } catch (BufferUnderflowException | IllegalArgumentException e) {
                throw new ProtocolException("CONNECTIONS: a malformed connection: " + e.getMessage());
            }
        }
        return entries;
    }

    /** Answers a CONNECTIONS frame. */
    static Frame taken(Frame connections, boolean[] taken) throws ProtocolException {
        byte[] each = new byte[taken.length];
        for (int i = 0; i < taken.length; i++) {
            each[i] = (byte) (taken[i] ? 1 : 0);
        }
        return Frame.of(Frame.Type.TAKEN)
                .with(Frame.Tag.BATCH, connections.number(Frame.Tag.BATCH))
                .with(Frame.Tag.TAKEN, each);
    }

    /** Which connections of a batch are taken. */
    static boolean[] taken(Frame answer, int batch, int count) throws ProtocolException {
        expect(answer, Frame.Type.TAKEN);
        byte[] each = answer.bytes(Frame.Tag.TAKEN);
        if (answer.number(Frame.Tag.BATCH) != batch || each.length != count) {
            throw new ProtocolException("TAKEN answers for " + each.length + " connections of batch "
                    + answer.number(Frame.Tag.BATCH) + " instead of " + count + " of " + batch);
        }
        boolean[] taken = new boolean[count];
        for (int i = 0; i < count; i++) {
            taken[i] = each[i] == 1;
        }
        return taken;
    }

    private static void expect(Frame frame, Frame.Type type) throws ProtocolException {
        if (frame.type() != type) {
            throw new ProtocolException(type + " expected, " + frame + " came");
        }
    }
}
