package dev.baton.netty;

import dev.baton.drain.ConnectionHistory;
import dev.baton.drain.ConnectionState;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What another process needs to go on with a connection, beside its descriptor.
 *
 * <p>Encoded as {@code format:2}, then fields of {@code tag:2, length:4, value}, in network byte order, text in UTF-8. A
 * field with an unknown tag is skipped, unless its tag has the highest bit: without that one the connection cannot go on,
 * and the process that does not know it refuses the connection.
 *
 * @param protocol as in {@link ConnectionProtocol#migratesAs()}
 * @param proxy what its proxy has said of it, if it has said anything
 * @param own what the protocol itself has given: {@link ConnectionProtocol#save()}
 * @param prefix what was read from the socket and not passed on to the application
 */
@SuppressWarnings("ArrayRecordComponent") // Passed on once, never compared.
record TransferState(
        String protocol,
        ConnectionHistory history,
        Optional<ProxyAddresses> proxy,
        List<Contribution> contributions,
        byte[] own,
        byte[] prefix) {
    private static final short FORMAT = 1;
    private static final int NEEDED = 0x8000;

    private static final int PROTOCOL = NEEDED | 1;
    private static final int FRESH = 2;
    private static final int AGE_NANOS = 3;
    private static final int REQUESTS_SERVED = 4;
    private static final int BYTES_RECEIVED = 5;
    private static final int BYTES_SENT = 6;
    private static final int PROXY = NEEDED | 7;
    private static final int CONTRIBUTION = 8;
    private static final int PREFIX = NEEDED | 9;
    private static final int OWN = NEEDED | 10;

    /** What a {@link ConnectionContribution} has given. */
    record Contribution(String name, int version, byte[] state) {
        int size() {
            return Short.BYTES + name.getBytes(StandardCharsets.UTF_8).length + Integer.BYTES + state.length;
        }
    }

    byte[] encode() {
        Writer fields = new Writer();
        fields.put(PROTOCOL, protocol.getBytes(StandardCharsets.UTF_8));
        if (history.state() == ConnectionState.NEW) {
            fields.put(FRESH, new byte[0]);
        }
        fields.put(AGE_NANOS, history.age().toNanos());
        fields.put(REQUESTS_SERVED, history.requestsServed());
        fields.put(BYTES_RECEIVED, history.bytesReceived());
        fields.put(BYTES_SENT, history.bytesSent());
        proxy.ifPresent(addresses -> fields.put(PROXY, addresses.encode()));
        for (Contribution each : contributions) {
            byte[] name = each.name.getBytes(StandardCharsets.UTF_8);
            ByteBuffer value = ByteBuffer.allocate(each.size());
            value.putShort((short) name.length).put(name).putInt(each.version).put(each.state);
            fields.put(CONTRIBUTION, value.array());
        }
        if (own.length > 0) {
            fields.put(OWN, own);
        }
        if (prefix.length > 0) {
            fields.put(PREFIX, prefix);
        }
        return fields.bytes.toByteArray();
    }

    private static final class Writer {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        private Writer() {
            bytes.writeBytes(ByteBuffer.allocate(Short.BYTES).putShort(FORMAT).array());
        }

        private void put(int tag, long value) {
            put(tag, ByteBuffer.allocate(Long.BYTES).putLong(value).array());
        }

        private void put(int tag, byte[] value) {
            bytes.writeBytes(ByteBuffer.allocate(Short.BYTES + Integer.BYTES)
                    .putShort((short) tag)
                    .putInt(value.length)
                    .array());
            bytes.writeBytes(value);
        }
    }

    /** Empty if this release cannot go on with it. */
    static Optional<TransferState> decode(byte[] encoded) {
        ByteBuffer in = ByteBuffer.wrap(encoded);
        if (in.remaining() < Short.BYTES || in.getShort() != FORMAT) {
            return Optional.empty();
        }
        Reader reader = new Reader();
        boolean understood = true;
        while (understood && in.hasRemaining()) {
            understood = reader.readField(in);
        }
        return understood ? reader.state() : Optional.empty();
    }

    private static final class Reader {
        private @Nullable String protocol;
        private boolean fresh;
        private long age;
        private long requestsServed;
        private long bytesReceived;
        private long bytesSent;
        private Optional<ProxyAddresses> proxy = Optional.empty();
        private final List<Contribution> contributions = new ArrayList<>();
        private byte[] own = {};
        private byte[] prefix = {};

        /** False if the field is cut, or cannot be understood and cannot be done without. */
        private boolean readField(ByteBuffer in) {
            if (in.remaining() < Short.BYTES + Integer.BYTES) {
                return false;
            }
            int tag = Short.toUnsignedInt(in.getShort());
            int length = in.getInt();
            if (length < 0 || length > in.remaining()) {
                return false;
            }
            ByteBuffer value = in.slice(in.position(), length);
            in.position(in.position() + length);
            return take(tag, value);
        }

        private boolean take(int tag, ByteBuffer value) {
            switch (tag) {
                case PROTOCOL -> protocol = text(value);
                case FRESH -> fresh = true;
                case AGE_NANOS -> age = number(value);
                case REQUESTS_SERVED -> requestsServed = number(value);
                case BYTES_RECEIVED -> bytesReceived = number(value);
                case BYTES_SENT -> bytesSent = number(value);
                case PROXY -> {
                    proxy = ProxyAddresses.decode(rest(value));
                    return proxy.isPresent();
                }
                case CONTRIBUTION -> {
                    return takeContribution(value);
                }
                case OWN -> own = rest(value);
                case PREFIX -> prefix = rest(value);
                default -> {
                    return (tag & NEEDED) == 0;
                }
            }
            return true;
        }

        private boolean takeContribution(ByteBuffer value) {
            int nameLength = value.remaining() < Short.BYTES ? -1 : Short.toUnsignedInt(value.getShort());
            if (nameLength < 0 || value.remaining() < nameLength + Integer.BYTES) {
                return false;
            }
            byte[] name = new byte[nameLength];
            value.get(name);
            int version = value.getInt();
            contributions.add(new Contribution(new String(name, StandardCharsets.UTF_8), version, rest(value)));
            return true;
        }

        /** A number that is missing or of another size only tells less of the past. */
        private static long number(ByteBuffer value) {
            return value.remaining() == Long.BYTES ? Math.max(0, value.getLong()) : 0;
        }

        private static String text(ByteBuffer value) {
            return new String(rest(value), StandardCharsets.UTF_8);
        }

        private static byte[] rest(ByteBuffer value) {
            byte[] bytes = new byte[value.remaining()];
            value.get(bytes);
            return bytes;
        }

        private Optional<TransferState> state() {
            if (protocol == null) {
                return Optional.empty();
            }
            ConnectionState state = fresh ? ConnectionState.NEW : ConnectionState.IDLE;
            ConnectionHistory history =
                    new ConnectionHistory(state, Duration.ofNanos(age), requestsServed, bytesReceived, bytesSent);
            return Optional.of(new TransferState(protocol, history, proxy, List.copyOf(contributions), own, prefix));
        }
    }
}
