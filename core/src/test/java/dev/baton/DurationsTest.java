package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationsTest {

    @ParameterizedTest
    @CsvSource({"0, PT0S", "500ms, PT0.5S", "30s, PT30S", "90s, PT90S", "2m, PT2M", "1h, PT1H", "61m, PT61M"})
    void whatIsReadIsWrittenAlike(String text, Duration duration) {
        assertThat(Durations.parse(text)).isEqualTo(duration);
        assertThat(Durations.format(duration)).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"999999999h", "10001h", "600001m"})
    void whatNanosecondsCannotCountIsRefused(String text) {
        assertThatThrownBy(() -> Durations.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("'" + text + "' is longer than 10000h");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "30", "-1s", "1.5s", "1d", "s", "9999999999s"})
    void whatIsNoDurationIsRefusedWithTheForm(String text) {
        assertThatThrownBy(() -> Durations.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("'" + text
                        + "' is not a duration; write a whole number and ms, s, m or h, such as 500ms or 30s");
    }
}
