package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cli.Main;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.OutputLine;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** `baton demo`, from its start to what it leaves behind: nothing. */
class DemoTest {
    private static final Duration LONG_ENOUGH = Duration.ofMinutes(3);

    @TempDir
    Path temporary = Path.of("");

    @Test
    void aDemoPassesAndLeavesNothingBehind() throws Exception {
        try (ChildJvm demo = demo("--restarts", "2", "--connections", "4", "--duration", "4s")
                .start()) {
            int status = demo.awaitExit(LONG_ENOUGH);
            String text = text(demo.awaitAllOutput(LONG_ENOUGH), false);
            assertThat(status).as(text).isZero();
            assertThat(text)
                    .contains("restart 2 of 2: SIGHUP to process ", "1 -> 2", "2 -> 3", "steady")
                    .containsPattern("2 of 2 restarts, [0-9,]+ requests, 0 failed")
                    .doesNotContain("\033");
            assertThat(demo.processes()).isEmpty();
            assertThat(temporary).isEmptyDirectory();
        }
    }

    @Test
    void jsonIsAloneOnTheStandardOutput() throws Exception {
        try (ChildJvm demo = demo("--restarts", "1", "--connections", "2", "--duration", "2s", "--json")
                .start()) {
            int status = demo.awaitExit(LONG_ENOUGH);
            List<OutputLine> lines = demo.awaitAllOutput(LONG_ENOUGH);
            String json = text(lines, false);
            assertThat(status).as(text(lines, true)).isZero();
            assertThat(json)
                    .startsWith("{")
                    .endsWith("}")
                    .contains("\"passed\": true", "\"failed\": 0", "\"generation\": 2", "\"signalToOldExitMillis\"");
            assertThat(text(lines, true)).contains("restart 1 of 1");
        }
    }

    @Test
    void aRestartThatFailsFailsTheDemo() throws Exception {
        try (ChildJvm demo = demo("--restarts", "2", "--connections", "2", "--duration", "3s")
                .environment("BATON_READY_TIMEOUT", "1ms")
                .start()) {
            int status = demo.awaitExit(LONG_ENOUGH);
            String text = text(demo.awaitAllOutput(LONG_ENOUGH), false);
            assertThat(status).as(text).isEqualTo(1);
            assertThat(text).contains("0 of 2 restarts", "; restart 1: ", "restart failed after");
            assertThat(demo.processes()).isEmpty();
            assertThat(temporary).isEmptyDirectory();
        }
    }

    @Test
    void aDemoThatCannotRunSaysWhyInOneLine() throws Exception {
        // Nobody can make a directory there, not even root; one that does not exist makes the JVM itself warn.
        try (ChildJvm demo = ChildJvm.of(Main.class)
                .jvmOptions("-Djava.io.tmpdir=/proc")
                .arguments("demo", "--json")
                .start()) {
            int status = demo.awaitExit(LONG_ENOUGH);
            List<OutputLine> lines = demo.awaitAllOutput(LONG_ENOUGH);
            assertThat(status).as(lines.toString()).isEqualTo(2);
            assertThat(lines).singleElement().satisfies(line -> {
                assertThat(line.stderr()).isTrue();
                assertThat(line.text()).startsWith("baton demo: no temporary directory can be made");
            });
        }
    }

    @Test
    void aDemoThatIsEndedBySignalLeavesNothingBehind() throws Exception {
        try (ChildJvm demo = demo("--restarts", "3", "--connections", "4", "--duration", "6s")
                .start()) {
            demo.awaitLine("restart 1 of 3", LONG_ENOUGH);
            demo.signal("TERM");
            assertThat(demo.awaitExit(LONG_ENOUGH)).isEqualTo(128 + 15);
            assertThat(demo.processes()).isEmpty();
            assertThat(temporary).isEmptyDirectory();
        }
    }

    private ChildJvm.Builder demo(String... options) {
        return ChildJvm.of(Main.class)
                .jvmOptions("-Djava.io.tmpdir=" + temporary)
                .arguments("demo")
                .arguments(options);
    }

    private static String text(List<OutputLine> lines, boolean stderr) {
        return lines.stream()
                .filter(line -> line.stderr() == stderr)
                .map(OutputLine::text)
                .collect(Collectors.joining("\n"));
    }
}
