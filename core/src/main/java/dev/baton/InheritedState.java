package dev.baton;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What the parent's program gave besides listeners, put together from the pieces in which it travels.
 *
 * <p>The pieces of a blob follow each other, and each says how many bytes are to come after it. Filled by one thread, then
 * read by any. No bytes are logged: they may be keys.
 */
final class InheritedState {
    private final Map<String, ByteBuffer> blobs = new HashMap<>();
    private long total;

    /** The name of the blob whose pieces are coming; empty between two. */
    private Optional<String> unfinished = Optional.empty();

    /** What a blob adds to {@link Protocol#MAX_STATE_BYTES}. */
    static long size(String name, byte[] value) {
        return (long) name.getBytes(StandardCharsets.UTF_8).length + value.length;
    }

    /** Takes a STATE frame. */
    void add(Frame frame) throws ProtocolException {
        String name = frame.text(Frame.Tag.NAME);
        byte[] piece = frame.bytes(Frame.Tag.PIECE);
        int remaining = frame.number(Frame.Tag.REMAINING);
        if (remaining < 0) {
            throw new ProtocolException("STATE: more than " + Protocol.MAX_STATE_BYTES + " bytes");
        }
        ByteBuffer blob;
        if (unfinished.isPresent()) {
            blob = blobs.get(name);
            if (!unfinished.get().equals(name) || blob == null || blob.remaining() != (long) piece.length + remaining) {
                throw new ProtocolException("STATE: a piece that does not continue the one before");
            }
        } else {
            blob = begin(name, piece, remaining);
        }
        blob.put(piece);
        unfinished = remaining > 0 ? Optional.of(name) : Optional.empty();
    }

    private ByteBuffer begin(String name, byte[] piece, int remaining) throws ProtocolException {
        long size = size(name, piece) + remaining;
        if (size > Protocol.MAX_STATE_BYTES - total) {
            throw new ProtocolException("STATE: more than " + Protocol.MAX_STATE_BYTES + " bytes");
        }
        total += size;
        ByteBuffer blob = ByteBuffer.allocate(piece.length + remaining);
        if (blobs.put(name, blob) != null) {
            throw new ProtocolException("STATE: a name that came twice");
        }
        return blob;
    }

    /** The parent has sent all it has. */
    void end() throws ProtocolException {
        if (unfinished.isPresent()) {
            throw new ProtocolException("STATE: HANDED came before the last piece");
        }
    }

    /** A copy. */
    Optional<byte[]> get(String name) {
        return Optional.ofNullable(blobs.get(name)).map(blob -> {
            byte[] copy = new byte[blob.capacity()];
            blob.get(0, copy);
            return copy;
        });
    }
}
