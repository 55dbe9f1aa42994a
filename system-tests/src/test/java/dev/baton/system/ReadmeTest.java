package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the README shows. */
class ReadmeTest {
    /** Surefire's working directory is the module's. */
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    private static final Pattern JAVA_BLOCK = Pattern.compile("(?s)\\n```java\\n(.*?)```\\n");

    @Test
    void theSmallestProgramIsTheExample() throws IOException {
        List<String> programs = JAVA_BLOCK
                .matcher(Files.readString(ROOT.resolve("README.md")))
                .results()
                .map(block -> block.group(1))
                .toList();
        assertThat(programs)
                .containsExactly(
                        Files.readString(ROOT.resolve("examples/src/main/java/dev/baton/examples/HelloServer.java")));
    }
}
