package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FrameTest {

    /** The bytes of version 1, written by hand from docs/handoff-protocol.md: they never change. */
    private static final String WELCOME_1 =
            "0002 0000" + "0003 00000004 00000001" + "0005 00000004 00000007" + "0006 00000003 302e31";

    @Test
    void aFrameIsTheBytesThatTheSpecificationSays() throws ProtocolException {
        Frame frame = Frame.of(Frame.Type.WELCOME)
                .with(Frame.Tag.VERSION, 1)
                .with(Frame.Tag.GENERATION, 7)
                .with(Frame.Tag.RELEASE, "0.1");
        assertThat(HexFormat.of().formatHex(frame.encode())).isEqualTo(WELCOME_1.replace(" ", ""));

        Frame read = decode(HexFormat.of().parseHex(WELCOME_1.replace(" ", "")));
        assertThat(read.type()).isEqualTo(Frame.Type.WELCOME);
        assertThat(read.number(Frame.Tag.VERSION)).isEqualTo(1);
        assertThat(read.number(Frame.Tag.GENERATION)).isEqualTo(7);
        assertThat(read.text(Frame.Tag.RELEASE)).isEqualTo("0.1");
    }

    @Test
    void repeatedFieldsKeepTheirOrder() throws ProtocolException {
        Frame frame =
                Frame.of(Frame.Type.LISTENERS).with(Frame.Tag.LISTENER, "b").with(Frame.Tag.LISTENER, "ä");
        assertThat(decode(frame.encode()).texts(Frame.Tag.LISTENER)).containsExactly("b", "ä");
    }

    @Test
    void anUnknownFieldIsSkipped() throws ProtocolException {
        Frame frame = decode(bytes(3, 0)
                .putShort((short) 999)
                .putInt(2)
                .putShort((short) 7)
                .putShort((short) 8)
                .putInt(1)
                .put((byte) 'x'));
        assertThat(frame.text(Frame.Tag.REASON)).isEqualTo("x");
    }

    @Test
    void anUnknownFrameIsSkippedOnlyIfItsSenderAllowsIt() throws ProtocolException {
        assertThat(Frame.decode(written(bytes(999, 1)))).isNull();
        assertThatThrownBy(() -> Frame.decode(written(bytes(999, 0))))
                .isInstanceOf(ProtocolException.class)
                .hasMessage("unknown frame 999");
    }

    @Test
    void whatTheFirstReleaseDoesNotKnowAndMaySkipIsMarkedSo() {
        assertThat(Frame.of(Frame.Type.STATE).encode()).containsExactly(0, 11, 0, 1);
        assertThat(Frame.of(Frame.Type.DATAGRAM_LISTENERS).encode()).containsExactly(0, 23, 0, 1);
        assertThat(Frame.of(Frame.Type.READY).encode()).containsExactly(0, 6, 0, 0);
    }

    @Test
    void aMissingOrMisshapenFieldIsNamed() throws ProtocolException {
        assertThatThrownBy(() -> decode(written(bytes(1, 0))).text(Frame.Tag.TOKEN))
                .hasMessage("HELLO lacks TOKEN");
        Frame frame = decode(bytes(2, 0).putShort((short) 3).putInt(1).put((byte) 1));
        assertThatThrownBy(() -> frame.number(Frame.Tag.VERSION))
                .hasMessage("WELCOME: VERSION has 1 bytes instead of 4");
    }

    @Test
    void aLengthBeyondTheFrameIsRefusedBeforeMemoryIsTaken() {
        for (int length : new int[] {1, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
            assertThatThrownBy(() -> decode(bytes(1, 0).putShort((short) 4).putInt(length)))
                    .isInstanceOf(ProtocolException.class)
                    .hasMessageContaining("exceeds the frame");
        }
    }

    private static Frame decode(ByteBuffer buffer) throws ProtocolException {
        return decode(written(buffer));
    }

    private static Frame decode(byte[] bytes) throws ProtocolException {
        @Nullable Frame frame = Frame.decode(bytes);
        assertThat(frame).isNotNull();
        return Objects.requireNonNull(frame);
    }

    private static ByteBuffer bytes(int type, int flags) {
        return ByteBuffer.allocate(100).putShort((short) type).putShort((short) flags);
    }

    private static byte[] written(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.position()];
        buffer.flip().get(bytes);
        return bytes;
    }
}
