package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class OfferedStateTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Test
    void everySupplierIsAskedAnewInEachRestartAndTheLastOfANameCounts() {
        OfferedState state = new OfferedState(PATIENCE);
        AtomicInteger count = new AtomicInteger();
        state.offer("n", () -> {
            throw new AssertionError("replaced");
        });
        state.offer("n", () -> new byte[] {(byte) count.incrementAndGet()});
        assertThat(state.collect().get("n")).containsExactly(1);
        assertThat(state.collect().get("n")).containsExactly(2);
    }

    @Test
    void oneThatHangsKeepsNoOtherFromAnswering() {
        OfferedState state = new OfferedState(Duration.ofSeconds(2));
        CountDownLatch asked = new CountDownLatch(1);
        state.offer("hangs", () -> new CompletableFuture<byte[]>().join());
        state.offer("answers", () -> {
            asked.countDown();
            return new byte[1];
        });
        assertThat(state.collect()).containsOnlyKeys("answers");
        assertThat(asked.getCount()).isZero();
    }

    @Test
    void whatDoesNotFitIsLeftOutAndTheSmallerOneAfterItIsNot() {
        OfferedState state = new OfferedState(PATIENCE);
        state.offer("a", () -> new byte[Protocol.MAX_STATE_BYTES - 3]);
        state.offer("b", () -> new byte[2]);
        state.offer("c", () -> new byte[1]);
        assertThat(state.collect()).containsOnlyKeys("a", "c");
    }

    @Test
    void aNameHasOneTo255Bytes() {
        OfferedState state = new OfferedState(PATIENCE);
        for (String name : new String[] {"", "x".repeat(256), "ä".repeat(128)}) {
            assertThatThrownBy(() -> state.offer(name, () -> new byte[0]))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("1 to 255 bytes");
        }
        state.offer("ä".repeat(127), () -> new byte[0]);
    }
}
