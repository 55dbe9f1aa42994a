package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class InheritedStateTest {
    private final InheritedState state = new InheritedState();

    @Test
    void piecesBecomeTheBlobAndEachCallerGetsItsOwn() throws ProtocolException {
        state.add(piece("a", 3, 1, 2));
        state.add(piece("a", 1, 3, 4));
        state.add(piece("a", 0, 5));
        state.add(piece("none", 0));
        state.end();
        byte[] first = state.get("a").orElseThrow();
        assertThat(first).containsExactly(1, 2, 3, 4, 5);
        first[0] = 99;
        assertThat(state.get("a").orElseThrow()).containsExactly(1, 2, 3, 4, 5);
        assertThat(state.get("none").orElseThrow()).isEmpty();
        assertThat(state.get("b")).isEmpty();
    }

    @Test
    void aPieceThatDoesNotContinueItsBlobIsRefused() throws ProtocolException {
        state.add(piece("a", 2, 1));
        for (Frame other : new Frame[] {
            piece("b", 1, 2), piece("a", 2, 2), piece("a", 0, 2), piece("a", -1, 2, 3, 4), piece("a", 1, 2, 3)
        }) {
            assertThatThrownBy(() -> state.add(other)).isInstanceOf(ProtocolException.class);
        }
        assertThatThrownBy(state::end).hasMessage("STATE: HANDED came before the last piece");
        state.add(piece("a", 0, 2, 3));
        state.end();
        assertThatThrownBy(() -> state.add(piece("a", 0))).hasMessage("STATE: a name that came twice");
    }

    @Test
    void noMoreThanTheBoundIsBelievedBeforeItHasCome() throws ProtocolException {
        int most = Protocol.MAX_STATE_BYTES - 1;
        for (int remaining : new int[] {most, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
            assertThatThrownBy(() -> state.add(piece("a", remaining, 1)))
                    .isInstanceOf(ProtocolException.class)
                    .hasMessage("STATE: more than 16777216 bytes");
        }
        state.add(piece("a", most - 1, 1));
        assertThat(state.get("a").orElseThrow()).hasSize(most);
    }

    @Test
    void aFieldThatIsMissingIsNamed() {
        assertThatThrownBy(() -> state.add(Frame.of(Frame.Type.STATE).with(Frame.Tag.NAME, "a")))
                .hasMessage("STATE lacks PIECE");
    }

    private static Frame piece(String name, int remaining, int... bytes) {
        byte[] value = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            value[i] = (byte) bytes[i];
        }
        return Frame.of(Frame.Type.STATE)
                .with(Frame.Tag.NAME, name)
                .with(Frame.Tag.PIECE, value)
                .with(Frame.Tag.REMAINING, remaining);
    }
}
