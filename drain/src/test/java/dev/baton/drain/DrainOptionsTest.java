package dev.baton.drain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class DrainOptionsTest {
    @Test
    void theDefaultsAreThoseOfTheDocumentation() {
        assertThat(DrainOptions.defaults())
                .isEqualTo(new DrainOptions(
                        IdlePolicy.MIGRATE, Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofSeconds(5)));
    }

    @Test
    void aNegativeGraceIsRefusedByName() {
        assertThatThrownBy(() ->
                        DrainOptions.builder().idleGrace(Duration.ofSeconds(-1)).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("idle-grace");
    }
}
