package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.Signals;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** State that travels between real processes. */
class StateHandoffTest {
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    @Test
    void stateReachesTheSuccessorAndNoGenerationAfterItUnlessOfferedAgain() throws Exception {
        Path pidFile = directory.resolve("pid");
        try (ChildJvm child = ChildJvm.of(StateService.class)
                .jvmOptions("-Xshare:auto", "-XX:TieredStopAtLevel=1")
                .environment("BATON_PID_FILE", pidFile.toString())
                .environment("BATON_UNDO_WINDOW", "0")
                .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                .start()) {
            child.awaitLine("1 ready", SOON);
            assertThat(inherited(child, 1)).hasSize(8).allMatch(line -> line.endsWith(" not"));

            Signals.send(child.pid(), "HUP");
            child.awaitLine("2 ready", SOON);
            String keys = "inherited keys " + StateService.describe(new byte[] {1, 2, 3});
            assertThat(inherited(child, 2))
                    .containsExactly(
                            keys,
                            "inherited empty " + StateService.describe(new byte[0]),
                            "inherited large " + StateService.describe(StateService.large()),
                            "inherited broken not",
                            "inherited nothing not",
                            "inherited too large not",
                            "inherited slow not",
                            "inherited unknown not");
            leftOut(child, "broken", "its supplier failed: java.lang.IllegalStateException: no state today");
            leftOut(child, "nothing", "its supplier failed: java.lang.NullPointerException: it gave null");
            leftOut(child, "slow", "its supplier did not answer within 5s");
            leftOut(child, "too large", "it has 15728640 bytes, and all state together may have 16777216");
            assertThat(child.awaitExit(SOON))
                    .as("no supplier holds the process")
                    .isZero();

            Signals.send(Long.parseLong(Files.readString(pidFile).strip()), "HUP");
            child.awaitLine("3 ready", SOON);
            assertThat(inherited(child, 3)).hasSize(8).startsWith(keys);
            assertThat(inherited(child, 3).subList(1, 8)).allMatch(line -> line.endsWith(" not"));
        }
    }

    private static void leftOut(ChildJvm child, String name, String reason) {
        assertThat(child.lines().stream().map(OutputLine::text))
                .filteredOn(line -> line.contains("'" + name + "'"))
                .singleElement()
                .asString()
                .endsWith("the successor does not get the state '" + name + "': " + reason);
    }

    private static List<String> inherited(ChildJvm child, int generation) {
        String prefix = generation + " ";
        return child.lines().stream()
                .map(OutputLine::text)
                .filter(line -> line.startsWith(prefix + "inherited"))
                .map(line -> line.substring(prefix.length()))
                .toList();
    }
}
