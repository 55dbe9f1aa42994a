package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.FdLeakCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class RehearsalTest {

    @Test
    void aRehearsalAnswersItsOwnRequestAndLeavesNothingBehind() throws Exception {
        var _ = Rehearsal.run(
                WarmUp.defaults()); // What the process keeps from the first time is not what a rehearsal leaves behind.
        FdLeakCheck descriptors = FdLeakCheck.ofThisJvm();
        Set<Path> directories = directories();

        assertThat(Rehearsal.run(WarmUp.defaults())).startsWith("HTTP/1.1 200 OK\r\n");

        descriptors.assertNone(Duration.ofSeconds(10));
        assertThat(directories()).isEqualTo(directories);
    }

    private static Set<Path> directories() throws IOException {
        try (var files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return files.filter(file -> file.getFileName().toString().startsWith("baton-rehearsal"))
                    .collect(Collectors.toSet());
        }
    }
}
