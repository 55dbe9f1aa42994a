package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.ProcFs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the program's own children learn of a handoff: nothing. */
class ChildrenOfTheProgramTest {
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    private Path pidFile() {
        return directory.resolve("pid");
    }

    private ChildJvm start(String... arguments) throws Exception {
        ChildJvm child = ChildJvm.of(ParentOfOthers.class)
                .jvmOptions("-Xshare:auto", "-XX:TieredStopAtLevel=1")
                .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                .environment("BATON_PID_FILE", pidFile().toString())
                .environment("BATON_UNDO_WINDOW", "10m")
                .arguments(arguments)
                .start();
        child.awaitLine("1 ready", SOON);
        return child;
    }

    @Test
    void noGrandchildHasTheHandoffVariablesInItsEnvironment() throws Exception {
        try (ChildJvm child = start("careful")) {
            child.signal("HUP");
            child.awaitLine("2 ready", SOON);
            for (String how : List.of("builder", "exec")) {
                for (int generation = 1; generation <= 2; generation++) {
                    String prefix = generation + " grandchild by " + how + " ";
                    String line = child.awaitLine(prefix, SOON).text();
                    var environment = ProcFs.environment(Long.parseLong(line.substring(prefix.length())));
                    assertThat(environment).containsKey("BATON_PID_FILE");
                    assertThat(environment).doesNotContainKeys(HandoffVariables.SOCKET, HandoffVariables.TOKEN);
                }
            }
        }
    }

    @Test
    void aServiceThatTheSuccessorStartsWithLeftoversOfItsOwnStartSpoilsNeitherRestartNorService() throws Exception {
        Path script = directory.resolve("script");
        ScriptedService.script(script, "serve");
        try (ChildJvm child = start("hasty", script.toString())) {
            child.signal("HUP");
            child.awaitLine("2 ready", SOON);
            child.awaitLine("switched to generation 2", SOON);
            assertThat(child.lines().stream().map(OutputLine::text).filter(line -> line.startsWith("nested ")))
                    .anyMatch(line -> line.contains("refuses the handoff (the token was used before): a plain start"))
                    .noneMatch(line -> line.contains("inherited"));
            assertThat(child.lines().stream().map(OutputLine::text))
                    .noneMatch(line -> line.contains("accepts again") || line.contains("restart failed"));
            assertThat(Files.readString(pidFile())).isNotEqualTo(child.pid() + "\n");
        }
    }
}
