package dev.baton;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One message of the handoff protocol, without its descriptors.
 *
 * <pre>
 *   frame   type:2 flags:2 field*             all numbers big-endian
 *   field   tag:2 length:4 value:length
 * </pre>
 *
 * A receiver skips fields whose tag it does not know, and a frame whose type it does not know if the sender has marked it
 * optional. docs/handoff-protocol.md lists the frames.
 */
final class Frame {
    /** The most bytes of one frame; a socket's default send buffer (212,992) holds it. */
    static final int MAX_BYTES = 128 * 1024;

    /** Longer than any process lives, and short enough for sums in nanoseconds. */
    private static final Duration MAX_DURATION = Duration.ofDays(36_500);

    /** A field's tag and length. */
    static final int FIELD_HEAD_BYTES = 6;

    private static final int FLAG_OPTIONAL = 1;

    /** What a frame says. The numbers are the wire's and never change. */
    enum Type {
        /** Successor: who I am, what I speak, my token. The first frame. */
        HELLO(1),
        /** Parent: the version we speak and your generation. Answers HELLO. */
        WELCOME(2),
        /** Parent: you are not my successor, for this reason; the last frame. */
        REFUSED(3),
        /** Parent: listeners, one LISTENER field and one descriptor each, in the same order. */
        LISTENERS(4),
        /** Parent: that was all; start. */
        HANDED(5),
        /** Successor: I can serve. */
        READY(6),
        /** Parent: then accept. From here the successor is not killed for being late. */
        SWITCH(7),
        /** Successor: I accept. The parent parks. */
        ACCEPTING(8),
        /** Parent: I accept no more, and the pid file and systemd name you. */
        PARKED(9),
        /** Parent: you are my successor, and the handoff cannot go on, for this reason; the last frame. */
        FAILED(10),
        /** Parent: a piece of what its program gives yours; between LISTENERS and HANDED. Older releases skip it. */
        STATE(11, FLAG_OPTIONAL),
        /** Parent: my undo window is over, the listeners are yours alone. */
        RELEASED(12),
        /** Successor: end your undo window, for I have a successor too, or end the service. Answered by RELEASED or UNDONE. */
        COMMIT(13),
        /** Successor: accept again; I end. */
        UNDO(14),
        /** Parent: I accept again, for this reason. You end. */
        UNDONE(15),
        /** Parent: I do not accept again, for this reason; nothing has changed. Answers UNDO. */
        NOT_UNDONE(16),
        /** Parent: are you well? */
        HEALTH(17),
        /** Successor: answers HEALTH. */
        HEALTHY(18),
        /** Successor, as HEALTHY: my program's health check says no. */
        UNHEALTHY(19),
        /** A grandchild, to the control socket: your successor of this pid is gone, who serves? */
        FALLBACK(20),
        /** Answers FALLBACK: I do. */
        SERVES(21),
        /** The serving generation, to the control socket of one that drains: close what is left and exit. */
        LEAVE(22),
        /** Parent: as LISTENERS, for sockets that receive datagrams. A release that cannot use them skips it. */
        DATAGRAM_LISTENERS(23, FLAG_OPTIONAL),
        /** Parent: stop the service, as I was asked to when you took it over. */
        STOP(40),
        /** Parent: my standard error, and my ends of the pipes that lead to it. Before HANDED. Older releases skip it. */
        STANDARD_ERROR(24, FLAG_OPTIONAL),
        /** Successor: I end without having accepted, for this reason. Older releases skip it. */
        GIVEN_UP(25, FLAG_OPTIONAL),
        /** Parent: the sockets on which connections move. Before HANDED. Older releases skip it. */
        MIGRATION(41, FLAG_OPTIONAL),
        /** On such a socket: connections, and a descriptor each. */
        CONNECTIONS(42),
        /** Answers CONNECTIONS: these are mine from now on. */
        TAKEN(43),
        /** An operator, to the control socket, as the three that follow: how are you? */
        ASK_STATUS(30),
        /** Start a successor. */
        ASK_RESTART(31),
        /** Go back to the generation before. */
        ASK_UNDO(32),
        /** End the service. */
        ASK_STOP(33),
        /** Lists of the status, as often as needed, before STATUS. */
        STATUS_LISTS(34),
        /** The status; answers ASK_STATUS. */
        STATUS(35),
        /** How far the restart has come. */
        STEP(36, FLAG_OPTIONAL),
        /** How a restart, an undo or a request to stop has ended. */
        OUTCOME(37),
        /** I do not speak your version, but these. */
        OTHER_VERSION(38),
        /** I cannot say at this moment. */
        BUSY(39);

        private final int number;
        private final int flags;

        Type(int number) {
            this(number, 0);
        }

        Type(int number, int flags) {
            this.number = number;
            this.flags = flags;
        }
    }

    /** What a field is. The numbers are the wire's and never change. */
    enum Tag {
        MIN_VERSION(1),
        MAX_VERSION(2),
        VERSION(3),
        TOKEN(4),
        GENERATION(5),
        RELEASE(6),
        LISTENER(7),
        REASON(8),
        NAME(9),
        PIECE(10),
        REMAINING(11),
        /** Milliseconds. */
        UNDO_WINDOW(12),
        /** A generation that still drains; see {@link Predecessors}. */
        PREDECESSOR(13),
        /** The control socket of a generation that can come back. */
        FALLBACK_SOCKET(14),
        PID(15),
        PARENT_GENERATION(16),
        /** The name of a {@link State}. */
        STATE(25),
        /** What a failed successor said last; at most ten. */
        LAST_LINE(26),
        AGE(27),
        /** For how long an undo is possible. */
        UNDOABLE(28),
        RESTARTS(29),
        WARNING(30),
        /** An older generation that still drains: number, pid, milliseconds. */
        DRAINING(31),
        /** The name of a {@link RestartStep.Kind}. */
        STEP(32),
        /** From the request to a step, or for how long something has been going on. */
        ELAPSED(33),
        /** The name of an outcome. */
        OUTCOME(34),
        /** The name of a {@link RestartResult.Cause}. */
        CAUSE(35),
        TO_READY(36),
        TO_SWITCH(37),
        /** How long the successor may take until it is ready. */
        READY_TIMEOUT(38),
        /** The process that serves in the place of the one that answers. */
        SERVED_BY(39),
        /** Who has asked for the end of the service. */
        STOP(40),
        BATCH(41),
        CONNECTION(42),
        TAKEN(43),
        /** The version of the JDK that a generation runs on. */
        JDK(44),
        /** The jar that it was started from. */
        JAR(45),
        /** How long its connections may still take to finish. */
        DRAIN_LEFT(46);

        private final int number;

        Tag(int number) {
            this.number = number;
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    private record Field(int tag, byte[] value) {
        private Field {
            value = value.clone();
        }
    }

    private final Type type;
    private final List<Field> fields = new ArrayList<>();

    private Frame(Type type) {
        this.type = type;
    }

    static Frame of(Type type) {
        return new Frame(type);
    }

    Type type() {
        return type;
    }

    /** Whether descriptors may come with the frame. */
    boolean bringsDescriptors() {
        return switch (type) {
            case LISTENERS, DATAGRAM_LISTENERS, STANDARD_ERROR, MIGRATION, CONNECTIONS -> true;
            default -> false;
        };
    }

    Frame with(Tag tag, String value) {
        fields.add(new Field(tag.number, value.getBytes(StandardCharsets.UTF_8)));
        return this;
    }

    Frame with(Tag tag, int value) {
        fields.add(new Field(tag.number, ByteBuffer.allocate(4).putInt(value).array()));
        return this;
    }

    Frame with(Tag tag, byte[] value) {
        fields.add(new Field(tag.number, value));
        return this;
    }

    /** Milliseconds, of 8 bytes: those of 4 are over after seven weeks. */
    Frame with(Tag tag, Duration value) {
        return with(tag, ByteBuffer.allocate(8).putLong(value.toMillis()).array());
    }

    /** The first value of this tag. */
    byte[] bytes(Tag tag) throws ProtocolException {
        return first(tag).clone();
    }

    /** The first value of this tag as a number. */
    int number(Tag tag) throws ProtocolException {
        byte[] value = first(tag);
        if (value.length != 4) {
            throw new ProtocolException(type + ": " + tag + " has " + value.length + " bytes instead of 4");
        }
        return ByteBuffer.wrap(value).getInt();
    }

    /** The first value of this tag as a time. */
    Duration duration(Tag tag) throws ProtocolException {
        byte[] value = first(tag);
        if (value.length != 8) {
            throw new ProtocolException(type + ": " + tag + " has " + value.length + " bytes instead of 8");
        }
        long millis = ByteBuffer.wrap(value).getLong();
        if (millis < 0 || millis > MAX_DURATION.toMillis()) {
            throw new ProtocolException(type + ": " + tag + " cannot be " + Long.toUnsignedString(millis) + " ms");
        }
        return Duration.ofMillis(millis);
    }

    /** The first value of this tag as text. */
    String text(Tag tag) throws ProtocolException {
        return new String(first(tag), StandardCharsets.UTF_8);
    }

    boolean has(Tag tag) {
        return fields.stream().anyMatch(field -> field.tag == tag.number);
    }

    /** The first value of this tag as text, if there is one. */
    Optional<String> optionalText(Tag tag) {
        return texts(tag).stream().findFirst();
    }

    /** All values of this tag, in the order of the wire. */
    List<byte[]> values(Tag tag) {
        return fields.stream()
                .filter(field -> field.tag == tag.number)
                .map(Field::value)
                .toList();
    }

    /** All values of this tag as text, in the order of the wire. */
    List<String> texts(Tag tag) {
        return fields.stream()
                .filter(field -> field.tag == tag.number)
                .map(field -> new String(field.value, StandardCharsets.UTF_8))
                .toList();
    }

    private byte[] first(Tag tag) throws ProtocolException {
        for (Field field : fields) {
            if (field.tag == tag.number) {
                return field.value;
            }
        }
        throw new ProtocolException(type + " lacks " + tag);
    }

    byte[] encode() {
        int size = 4;
        for (Field field : fields) {
            size += FIELD_HEAD_BYTES + field.value.length;
        }
        ByteBuffer buffer =
                ByteBuffer.allocate(size).putShort((short) type.number).putShort((short) type.flags);
        for (Field field : fields) {
            buffer.putShort((short) field.tag).putInt(field.value.length).put(field.value);
        }
        return buffer.array();
    }

    /**
     * Reads a frame.
     *
     * @return null if the frame is of a later release and may be skipped
     * @throws ProtocolException if it is of an unknown type that must be understood, or malformed
     */
    static @Nullable Frame decode(byte[] bytes) throws ProtocolException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        try {
            int number = Short.toUnsignedInt(buffer.getShort());
            int flags = Short.toUnsignedInt(buffer.getShort());
            Type type = type(number);
            if (type == null) {
                if ((flags & FLAG_OPTIONAL) != 0) {
                    return null;
                }
                throw new ProtocolException("unknown frame " + number);
            }
            Frame frame = new Frame(type);
            while (buffer.hasRemaining()) {
                int tag = Short.toUnsignedInt(buffer.getShort());
                int length = buffer.getInt();
                if (length < 0 || length > buffer.remaining()) {
                    throw new ProtocolException(type + ": a field of " + length + " bytes exceeds the frame");
                }
                byte[] value = new byte[length];
                buffer.get(value);
                frame.fields.add(new Field(tag, value));
            }
            return frame;
        } catch (BufferUnderflowException e) {
            throw new ProtocolException("a frame of " + bytes.length + " bytes ends in the middle of a number");
        }
    }

    private static @Nullable Type type(int number) {
        for (Type type : Type.values()) {
            if (type.number == number) {
                return type;
            }
        }
        return null;
    }

    @Override
    public String toString() {
        return type.toString();
    }
}
