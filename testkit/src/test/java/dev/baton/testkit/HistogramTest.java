package dev.baton.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HistogramTest {
    @Test
    void percentilesAreExactToOneThirtySecondOverTheWholeRange() {
        Random random = new Random(7);
        long[] nanos = new long[10_000];
        Histogram histogram = new Histogram();
        for (int i = 0; i < nanos.length; i++) {
            nanos[i] = (long) Math.pow(10, 4 + random.nextDouble() * 7);
            histogram.record(nanos[i]);
        }
        Arrays.sort(nanos);
        for (double percentage : new double[] {0.01, 1, 50, 90, 99, 99.9}) {
            long exact = nanos[(int) Math.ceil(nanos.length * percentage / 100) - 1];
            assertThat(histogram.percentile(percentage).toNanos())
                    .as("p" + percentage)
                    .isBetween(exact, exact + exact / 32 + 1_000);
        }
        assertThat(histogram.max().toNanos()).isEqualTo(nanos[nanos.length - 1]);
        assertThat(histogram.percentile(100)).isEqualTo(histogram.max());
    }

    @Test
    void addingAnotherHistogramCountsBoth() {
        Histogram fast = new Histogram();
        Histogram slow = new Histogram();
        for (int i = 0; i < 99; i++) {
            fast.record(1_000_000);
        }
        slow.record(1_000_000_000);
        fast.add(slow);
        assertThat(fast.count()).isEqualTo(100);
        assertThat(fast.percentile(99)).isLessThan(Duration.ofMillis(2));
        assertThat(fast.max()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void anEmptyHistogramHasZeros() {
        assertThat(new Histogram().percentile(50)).isZero();
        assertThat(new Histogram().max()).isZero();
    }

    @Test
    void absurdlyLongDurationsAreCountedInTheLastBucket() {
        Histogram histogram = new Histogram();
        histogram.record(Long.MAX_VALUE);
        assertThat(histogram.count()).isEqualTo(1);
        assertThat(histogram.max().toNanos()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void aPercentageMustBeAbove0AndAtMost100() {
        Histogram histogram = new Histogram();
        assertThatThrownBy(() -> histogram.percentile(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> histogram.percentile(101)).isInstanceOf(IllegalArgumentException.class);
    }
}
