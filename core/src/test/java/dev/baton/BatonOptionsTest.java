package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BatonOptionsTest {

    @Test
    void aPropertyBeatsAVariableBeatsTheDefault() {
        Map<String, String> properties = Map.of("baton.drain-timeout", "1s", "baton.name", "shop");
        Map<String, String> environment = Map.of(
                "BATON_DRAIN_TIMEOUT", "2s", "BATON_READY_TIMEOUT", "3s", "BATON_RUN_DIR", "/r", "BATON_PID_FILE", "");
        BatonOptions options =
                BatonOptions.configured(properties::get, environment::get).build();
        assertThat(options.name()).isEqualTo("shop");
        assertThat(options.drainTimeout()).isEqualTo(Duration.ofSeconds(1));
        assertThat(options.readyTimeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(options.runDirectory()).contains(Path.of("/r"));
        assertThat(options.pidFile()).isEqualTo(Optional.empty());
    }

    @Test
    void aValueThatCannotBeReadIsNamedWithItsOption() {
        assertThatThrownBy(() -> BatonOptions.configured(_ -> null, Map.of("BATON_DRAIN_TIMEOUT", "soon")::get))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("drain-timeout: 'soon' is not a duration");
    }

    @Test
    void aTimeThatMakesNoSenseIsRefused() {
        assertThatThrownBy(
                        () -> BatonOptions.builder().readyTimeout(Duration.ZERO).build())
                .hasMessage("ready-timeout must be longer than 0");
        assertThatThrownBy(() -> BatonOptions.builder()
                        .drainTimeout(Duration.ofSeconds(-1))
                        .build())
                .hasMessage("drain-timeout must not be negative");
        assertThatThrownBy(() -> BatonOptions.builder()
                        .readyTimeout(Duration.ofSeconds(Long.MAX_VALUE))
                        .build())
                .hasMessage("ready-timeout must not be longer than 10000h");
    }

    @Test
    void theConstructorChecksWhatTheBuilderDoes() {
        assertThatThrownBy(() -> new BatonOptions(
                        "shop", Optional.empty(), Optional.empty(), Duration.ZERO, Duration.ofSeconds(1)))
                .hasMessage("ready-timeout must be longer than 0");
        BatonOptions options = new BatonOptions(
                "shop", Optional.of(Path.of("p")), Optional.of(Path.of("r")), Duration.ofSeconds(1), Duration.ZERO);
        assertThat(options.pidFile().orElseThrow()).isAbsolute();
        assertThat(options.runDirectory().orElseThrow()).isAbsolute();
    }
}
