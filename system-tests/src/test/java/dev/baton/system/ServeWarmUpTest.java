package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cli.Main;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.OutputLine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** `baton serve --warm-up-path` asks itself in a successor, before that takes over. */
class ServeWarmUpTest {
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    Path directory = Path.of("");

    @Test
    void aSuccessorAsksItselfBeforeItIsReadyAndTheFirstGenerationDoesNot() throws Exception {
        Files.writeString(directory.resolve("file"), "content");
        try (ChildJvm server = ChildJvm.of(Main.class)
                .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                .environment("BATON_UNDO_WINDOW", "0")
                .arguments("serve", "--warm-up-path", "/file", "--warm-up-path", "/missing", "--listen", "127.0.0.1:0")
                .directory(directory)
                .start()) {
            server.awaitLine("generation 1 ", SOON);
            server.signal("HUP");
            server.awaitLine("switched to generation 2", SOON);
            assertThat(server.awaitExit(SOON)).isZero();
            List<String> lines = server.lines().stream().map(OutputLine::text).toList();
            List<String> warmUps = lines.stream()
                    .filter(line -> line.contains("warmed up with"))
                    .toList();
            assertThat(warmUps).as("one, of the successor").hasSize(1);
            // Half of them name a file that is not there.
            assertThat(warmUps.getFirst())
                    .matches(".*warmed up with (\\d+) requests in \\d+ ms; answered by an error: \\d+");
            assertThat(lines.indexOf(warmUps.getFirst()))
                    .isLessThan(indexOf(lines, "is ready after"))
                    .isGreaterThan(indexOf(lines, "has its listeners after"));
        }
    }

    private static int indexOf(List<String> lines, String part) {
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).contains(part)) {
                return i;
            }
        }
        throw new AssertionError("no line with '" + part + "' in " + lines);
    }
}
