package dev.baton.http;

import io.netty.handler.ssl.OpenSslSessionTicketKey;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The keys with which session tickets are encrypted (RFC 5077, section 4), newest first: the first encrypts, all decrypt.
 *
 * <p>A key encrypts for {@link #ROTATION} and decrypts for a day more. It goes on through restarts, so that each of two
 * generations that serve at the same time can resume what the other began; but a generation that is given none, or none
 * that is young enough, makes one.
 *
 * <p>In the handoff it is the state {@code dev.baton.tls-ticket-keys.NAME}: a byte 1, the version; then for each key, newest
 * first, the second of its making (8 bytes, Unix time) and 48 bytes, which are its name, HMAC key and AES key of 16 each.
 */
record TicketKeys(List<Key> keys) {
    static final Duration ROTATION = Duration.ofHours(12);

    private static final Duration LIFETIME = ROTATION.plusDays(1);
    private static final byte VERSION = 1;
    private static final int PART = 16;
    private static final int SIZE = 3 * PART;

    TicketKeys {
        keys = List.copyOf(keys);
    }

    /** One key. The bytes are never changed. */
    @SuppressWarnings("ArrayRecordComponent") // Nobody compares keys.
    record Key(Instant made, byte[] bytes) {
        static Key make(Instant now) {
            byte[] bytes = new byte[SIZE];
            new SecureRandom().nextBytes(bytes);
            return new Key(Instant.ofEpochSecond(now.getEpochSecond()), bytes);
        }

        OpenSslSessionTicketKey toOpenSsl() {
            return new OpenSslSessionTicketKey(part(0), part(1), part(2));
        }

        private byte[] part(int index) {
            return Arrays.copyOfRange(bytes, index * PART, (index + 1) * PART);
        }

        @Override
        public String toString() {
            return "key of " + made;
        }
    }

    /** None yet: the first call of {@link #at} makes one. */
    static TicketKeys none() {
        return new TicketKeys(List.of());
    }

    /** The keys as they are to be used at this time: the same object if nothing is to be changed. */
    TicketKeys at(Instant now) {
        if (!keys.isEmpty() && now.isBefore(nextRotation()) && !isOver(keys.getLast(), now)) {
            return this;
        }
        List<Key> next = new ArrayList<>();
        if (keys.isEmpty() || !now.isBefore(nextRotation())) {
            next.add(Key.make(now));
        }
        for (Key key : keys) {
            if (!isOver(key, now)) {
                next.add(key);
            }
        }
        return new TicketKeys(next);
    }

    private Instant nextRotation() {
        return keys.getFirst().made().plus(ROTATION);
    }

    private static boolean isOver(Key key, Instant now) {
        return !now.isBefore(key.made().plus(LIFETIME));
    }

    OpenSslSessionTicketKey[] toOpenSsl() {
        return keys.stream().map(Key::toOpenSsl).toArray(OpenSslSessionTicketKey[]::new);
    }

    byte[] encode() {
        ByteBuffer blob =
                ByteBuffer.allocate(1 + keys.size() * (Long.BYTES + SIZE)).put(VERSION);
        for (Key key : keys) {
            blob.putLong(key.made().getEpochSecond()).put(key.bytes());
        }
        return blob.array();
    }

    /** What a parent has encoded, perhaps of another release; none, with a line in the log, if it is not understood. */
    static TicketKeys decode(byte[] encoded) {
        ByteBuffer blob = ByteBuffer.wrap(encoded);
        if (!blob.hasRemaining() || blob.get() != VERSION) {
            Log.ticketKeysNotUnderstood("they are of another version");
            return none();
        }
        if (blob.remaining() % (Long.BYTES + SIZE) != 0) {
            Log.ticketKeysNotUnderstood("they are not whole");
            return none();
        }
        List<Key> keys = new ArrayList<>();
        while (blob.hasRemaining()) {
            Instant made = Instant.ofEpochSecond(blob.getLong());
            byte[] bytes = new byte[SIZE];
            blob.get(bytes);
            keys.add(new Key(made, bytes));
        }
        return new TicketKeys(keys);
    }
}
