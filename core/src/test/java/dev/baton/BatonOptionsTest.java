package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
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
        BatonOptions options = BatonOptions.configured(_ -> Optional.empty(), properties::get, environment::get)
                .build();
        assertThat(options.name()).isEqualTo("shop");
        assertThat(options.drainTimeout()).isEqualTo(Duration.ofSeconds(1));
        assertThat(options.readyTimeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(options.runDirectory()).contains(Path.of("/r"));
        assertThat(options.pidFile()).isEqualTo(Optional.empty());
    }

    @Test
    void whatAProgramWasToldInItsOwnWayCountsBeforeAll() {
        BatonOptions options = BatonOptions.configured(
                        option -> Optional.of("1s").filter(_ -> option.equals("undo-window")),
                        Map.of("baton.undo-window", "2s", "baton.drain-timeout", "2s")::get,
                        Map.of("BATON_UNDO_WINDOW", "3s")::get)
                .build();
        assertThat(options.undoWindow()).isEqualTo(Duration.ofSeconds(1));
        assertThat(options.drainTimeout()).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void aProgramsOwnConfigurationIsReadByTheNamesOfTheOptions() {
        Map<String, String> values = Map.of("undo-window", "5s", "oldest-leaves-early", "true", "pid-file", "");
        BatonOptions options = BatonOptions.from(option -> Optional.ofNullable(values.get(option)))
                .build();
        assertThat(options.undoWindow()).isEqualTo(Duration.ofSeconds(5));
        assertThat(options.oldestLeavesEarly()).isTrue();
        assertThat(options.pidFile()).isEqualTo(Optional.empty());
    }

    @Test
    void aValueThatCannotBeReadIsNamedWithItsOption() {
        assertThatThrownBy(() -> BatonOptions.configured(
                        _ -> Optional.empty(), _ -> null, Map.of("BATON_DRAIN_TIMEOUT", "soon")::get))
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
    void relativePathsAreMeantInTheDirectoryThatIsGiven() {
        BatonOptions options = BatonOptions.builder()
                .pidFile(Path.of("p"))
                .runDirectory(Path.of("r"))
                .build()
                .in(Path.of("/first"));
        assertThat(options.pidFile()).contains(Path.of("/first/p"));
        assertThat(options.runDirectory()).contains(Path.of("/first/r"));
        assertThat(BatonOptions.builder()
                        .pidFile(Path.of("/p"))
                        .build()
                        .in(Path.of("/first"))
                        .pidFile())
                .contains(Path.of("/p"));
    }

    @Test
    void theOptionsOfTheWayBackAreReadAndChecked() {
        Map<String, String> environment = Map.of(
                "BATON_UNDO_WINDOW", "3s",
                "BATON_HEALTH_URL", "http://127.0.0.1:8080/health",
                "BATON_HEALTH_INTERVAL", "250ms",
                "BATON_MAX_GENERATIONS", "5",
                "BATON_OLDEST_LEAVES_EARLY", "true");
        BatonOptions options = BatonOptions.configured(_ -> Optional.empty(), _ -> null, environment::get)
                .build();
        assertThat(options.undoWindow()).isEqualTo(Duration.ofSeconds(3));
        assertThat(options.healthUrl()).contains(URI.create("http://127.0.0.1:8080/health"));
        assertThat(options.healthInterval()).isEqualTo(Duration.ofMillis(250));
        assertThat(options.maxGenerations()).isEqualTo(5);
        assertThat(options.oldestLeavesEarly()).isTrue();

        expectRefusal("BATON_UNDO_WINDOW", "25h", "undo-window must be between 0 and 24h");
        expectRefusal("BATON_HEALTH_URL", "ftp://x/", "health-url must begin with http:// or https://: ftp://x/");
        expectRefusal("BATON_HEALTH_INTERVAL", "0", "health-interval must be longer than 0");
        expectRefusal("BATON_MAX_GENERATIONS", "0", "max-generations must be at least 1");
        expectRefusal("BATON_MAX_GENERATIONS", "many", "max-generations: a whole number expected, not many");
        expectRefusal("BATON_OLDEST_LEAVES_EARLY", "yes", "oldest-leaves-early: true or false expected, not yes");
    }

    private static void expectRefusal(String variable, String value, String message) {
        assertThatThrownBy(() -> BatonOptions.configured(_ -> Optional.empty(), _ -> null, Map.of(variable, value)::get)
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }
}
