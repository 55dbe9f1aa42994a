package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Messages;
import dev.baton.posix.Sockets;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.FdLeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Bytes of all kinds against the decoder, and messages of all kinds, with descriptors, against a channel. The seeds are
 * fixed: what fails once fails again.
 */
class FrameFuzzTest {
    private static final int FRAMES = 1_000_000;
    private static final int MESSAGES = 20_000;
    private static final long SEED = 20_261_123;

    /** A frame of each type with a field of each tag, and others of awkward sizes. */
    private static List<byte[]> valid() {
        List<byte[]> frames = new ArrayList<>();
        for (Frame.Type type : Frame.Type.values()) {
            Frame frame = Frame.of(type);
            int field = 0;
            for (Frame.Tag tag : Frame.Tag.values()) {
                switch (field++ % 3) {
                    case 0 -> frame.with(tag, "0123456789abcdef");
                    case 1 -> frame.with(tag, 1);
                    default -> frame.with(tag, Duration.ofSeconds(1));
                }
            }
            frames.add(Frame.of(type).encode());
            frames.add(frame.encode());
        }
        frames.add(Frame.of(Frame.Type.WELCOME)
                .with(Frame.Tag.PREDECESSOR, "1 4711 12345 67890 /run/baton/4711.sock")
                .encode());
        return frames;
    }

    /** Valid frames with bytes changed, cut off, added, or glued together; and plain noise. */
    private static byte[] next(Random random, List<byte[]> valid) {
        byte[] bytes = valid.get(random.nextInt(valid.size())).clone();
        switch (random.nextInt(6)) {
            case 0 -> {
                bytes = new byte[random.nextInt(64)];
                random.nextBytes(bytes);
            }
            case 1 -> bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
            case 2 -> bytes = Arrays.copyOf(bytes, bytes.length + random.nextInt(16));
            case 3 -> {
                byte[] more = valid.get(random.nextInt(valid.size()));
                int kept = random.nextInt(bytes.length + 1);
                bytes = ByteBuffer.allocate(kept + more.length)
                        .put(bytes, 0, kept)
                        .put(more)
                        .array();
            }
            default -> {
                for (int i = random.nextInt(8); i >= 0; i--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                }
            }
        }
        return bytes;
    }

    /** Reads a frame as its receivers do; whatever is wrong with it is a ProtocolException. */
    private static boolean read(byte[] bytes) {
        try {
            Frame frame = Frame.decode(bytes);
            if (frame == null) {
                return false;
            }
            interpret(frame);
            return true;
        } catch (ProtocolException e) {
            assertThat(e.getMessage()).isNotEmpty();
            return false;
        }
    }

    private static void interpret(Frame frame) throws ProtocolException {
        switch (frame.type()) {
            case WELCOME -> {
                var _ = Predecessors.decode(frame.texts(Frame.Tag.PREDECESSOR));
                var _ = Protocol.negotiate(frame.number(Frame.Tag.VERSION), frame.number(Frame.Tag.VERSION));
            }
            case HELLO, ASK_STATUS, ASK_RESTART, ASK_UNDO, ASK_STOP -> {
                var _ = Protocol.negotiate(frame.number(Frame.Tag.MIN_VERSION), frame.number(Frame.Tag.MAX_VERSION));
            }
            case STATE -> new InheritedState().add(frame);
            case STATUS_LISTS -> new StatusFrames().add(frame);
            case STATUS -> {
                var _ = new StatusFrames().end(frame);
            }
            case STEP -> {
                var _ = OutcomeFrames.step(frame);
            }
            case OUTCOME -> {
                if (frame.has(Frame.Tag.CAUSE)) {
                    var _ = OutcomeFrames.restart(frame);
                } else {
                    var _ = OutcomeFrames.undo(frame);
                }
            }
            default -> {
                for (Frame.Tag tag : Frame.Tag.values()) {
                    var _ = frame.texts(tag);
                }
            }
        }
    }

    @Test
    void noBytesDoAnythingButBecomeAFrameOrBeRefused() {
        Random random = new Random(SEED);
        List<byte[]> valid = valid();
        int understood = 0;
        for (int round = 0; round < FRAMES; round++) {
            understood += read(next(random, valid)) ? 1 : 0;
        }
        assertThat(understood).as("both happen often").isBetween(FRAMES / 20, FRAMES * 19 / 20);
    }

    /** The heap of the process that reads them is hardly more than what a JVM needs for itself. */
    @Test
    void theLargestFramesAreReadInLittleMemory() throws Exception {
        try (ChildJvm reader = ChildJvm.of(Reader.class)
                .jvmOptions("-Xmx16m", "-XX:+ExitOnOutOfMemoryError")
                .start()) {
            assertThat(reader.awaitExit(Duration.ofSeconds(60))).isZero();
            reader.awaitLine("read", Duration.ofSeconds(10));
        }
    }

    /** Reads the largest frames, and keeps what it has read until the end. */
    static final class Reader {
        private Reader() {}

        public static void main(String[] arguments) throws Exception {
            List<Object> kept = new ArrayList<>();
            for (byte[] bytes : List.of(emptyFields(), malformedText())) {
                Frame frame = Objects.requireNonNull(Frame.decode(bytes));
                kept.add(frame);
                kept.add(frame.text(Frame.Tag.NAME));
                kept.add(frame.texts(Frame.Tag.NAME));
            }
            System.out.println(kept.size() == 6 ? "read" : "lost");
        }

        private static byte[] emptyFields() {
            int fields = (Frame.MAX_BYTES - 4) / Frame.FIELD_HEAD_BYTES; // 21,844
            Frame frame = Frame.of(Frame.Type.STATE);
            for (int i = 0; i < fields; i++) {
                frame.with(Frame.Tag.NAME, new byte[0]);
            }
            return frame.encode();
        }

        /** No byte is UTF-8, and each becomes U+FFFD. */
        private static byte[] malformedText() {
            byte[] value = new byte[Frame.MAX_BYTES - 4 - Frame.FIELD_HEAD_BYTES];
            Arrays.fill(value, (byte) 0xff);
            return Frame.of(Frame.Type.STATE).with(Frame.Tag.NAME, value).encode();
        }
    }

    @Test
    void noMessageLeavesADescriptorBehind() throws Exception {
        FdLeakCheck leaks = FdLeakCheck.ofThisJvm();
        Random random = new Random(SEED);
        List<byte[]> valid = valid();
        valid.add(new byte[Frame.MAX_BYTES + 1]);
        int descriptorsTaken = 0;
        int connections = 0;
        int sent = 0;
        while (sent < MESSAGES) {
            int[] pair = Sockets.pair(Sockets.Type.SEQPACKET);
            connections++;
            try (FrameChannel channel = new FrameChannel(pair[0])) {
                channel.timeout(Duration.ofSeconds(10));
                boolean withDescriptors = connections % 2 == 0;
                boolean open = true;
                while (open && sent < MESSAGES) {
                    int[] gifts = new int[random.nextInt(4) == 0 ? 1 + random.nextInt(20) : 0];
                    Arrays.fill(gifts, pair[1]);
                    // Followed by one that is understood, because a frame may be skipped.
                    Messages.send(pair[1], sendable(next(random, valid)), gifts, true);
                    Messages.send(pair[1], Frame.of(Frame.Type.READY).encode(), new int[0], true);
                    sent++;
                    int taken = receive(channel, withDescriptors);
                    open = taken >= 0 && random.nextInt(50) > 0;
                    descriptorsTaken += Math.max(0, taken);
                }
            } finally {
                Descriptors.close(pair[1]);
            }
        }
        assertThat(connections).isGreaterThan(MESSAGES / 50);
        assertThat(descriptorsTaken).as("some are taken, and closed here").isPositive();
        leaks.assertNone(Duration.ZERO);
    }

    /** A socket's send buffer holds no more than 212,992 bytes by default. */
    private static byte[] sendable(byte[] bytes) {
        return bytes.length <= 200_000 ? bytes : Arrays.copyOf(bytes, 200_000);
    }

    /** Receives until READY comes; what the channel hands out is the receiver's to close. */
    private static int receive(FrameChannel channel, boolean withDescriptors) throws IOException {
        int taken = 0;
        try {
            while (true) {
                FrameChannel.Received received =
                        withDescriptors ? channel.receiveWithDescriptors() : wrap(channel.receive());
                if (received == null) {
                    return -1; // An empty message looks like the end.
                }
                for (int descriptor : received.descriptors()) {
                    Descriptors.close(descriptor);
                    taken++;
                }
                if (received.frame().type() == Frame.Type.READY) {
                    return taken;
                }
            }
        } catch (ProtocolException e) {
            return -1;
        }
    }

    private static FrameChannel.@Nullable Received wrap(@Nullable Frame frame) {
        return frame == null ? null : new FrameChannel.Received(frame, new int[0]);
    }
}
