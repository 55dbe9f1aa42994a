package dev.baton.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BackoffTest {
    private final Backoff backoff = new Backoff();

    @Test
    void pausesGrowFromATenthOfASecondToTenSeconds() {
        List<Long> pauses = Stream.generate(() -> backoff.after(Duration.ZERO).toMillis())
                .limit(9)
                .toList();
        assertThat(pauses).containsExactly(100L, 200L, 400L, 800L, 1600L, 3200L, 6400L, 10_000L, 10_000L);
    }

    @Test
    void aLifeOfTenSecondsBeginsAnewAndAShorterOneDoesNot() {
        backoff.after(Duration.ZERO);
        backoff.after(Duration.ZERO);
        assertThat(backoff.after(Duration.ofMillis(9_999))).hasMillis(400);
        assertThat(backoff.after(Duration.ofSeconds(10))).hasMillis(100);
        assertThat(backoff.after(Duration.ZERO)).hasMillis(200);
    }
}
