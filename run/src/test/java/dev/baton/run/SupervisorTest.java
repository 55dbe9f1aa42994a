package dev.baton.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SupervisorTest {
    @ParameterizedTest
    @CsvSource({"0, true", "143, true", "130, true", "129, true", "1, false", "137, false", "139, false", "141, false"})
    void aCrashIsWhatSystemdTakesForOne(int status, boolean clean) {
        assertThat(Supervisor.isNoCrash(OptionalInt.of(status))).isEqualTo(clean);
    }

    @Test
    void anEndThatNobodySawMayBeACrash() {
        assertThat(Supervisor.isNoCrash(OptionalInt.empty())).isFalse();
    }
}
