package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.testkit.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PidFileTest {
    private static final long SELF = ProcessHandle.current().pid();

    @TempDir
    private Path directory;

    @Test
    void aWriteReplacesTheFileAndLeavesNothingElse() throws IOException {
        Path file = directory.resolve("pid");
        PidFile pidFile = new PidFile(Optional.of(file));
        pidFile.write(1);
        pidFile.write(SELF);
        assertThat(file).hasContent(SELF + "\n");
        assertThat(directory).isDirectoryContaining(file::equals);
        try (var files = Files.list(directory)) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void onlyTheProcessThatIsNamedRemovesIt() throws IOException {
        Path file = directory.resolve("pid");
        PidFile pidFile = new PidFile(Optional.of(file));
        pidFile.write(SELF + 1);
        pidFile.remove();
        assertThat(file).exists();
        pidFile.write(SELF);
        pidFile.remove();
        assertThat(file).doesNotExist();
        assertThatCode(pidFile::remove).doesNotThrowAnyException();
    }

    @Test
    void aLivingInstanceOfTheSameServiceIsRespectedAndADeadOneIsNot() throws Exception {
        Path file = directory.resolve("pid");
        try (ChildJvm first = service(file).start()) {
            first.awaitLine("1 ready", Duration.ofSeconds(30));
            try (ChildJvm second = service(file).start()) {
                second.awaitLine("names the running process " + first.pid(), Duration.ofSeconds(30));
            }
            assertThat(file).hasContent(first.pid() + "\n");
        }
        assertThat(file).as("what a killed process left behind").exists();
        try (ChildJvm third = service(file).start()) {
            third.awaitLine("1 ready", Duration.ofSeconds(30));
            assertThat(file).hasContent(third.pid() + "\n");
        }
    }

    @Test
    void anotherServiceOnTheSameJvmThatWasGivenTheOldNumberDoesNotStopAStart() throws Exception {
        try (ChildJvm other = service(directory.resolve("other")).start()) {
            other.awaitLine("1 ready", Duration.ofSeconds(30));
            PidFile pidFile = new PidFile(Optional.of(directory.resolve("pid")));
            pidFile.write(other.pid());
            assertThatCode(() -> pidFile.check(Optional.empty())).doesNotThrowAnyException();
        }
    }

    private ChildJvm.Builder service(Path pidFile) throws IOException {
        Path script = directory.resolve("script");
        ScriptedService.script(script, "serve");
        return ChildJvm.of(ScriptedService.class)
                .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                .environment("BATON_PID_FILE", pidFile.toString())
                .arguments(script.toString());
    }

    @Test
    void aPlaceThatCannotHoldItIsNamedAtOnce() throws IOException {
        assertThatThrownBy(() -> new PidFile(Optional.of(directory.resolve("no/pid"))).check(Optional.empty()))
                .hasMessageEndingWith("its folder does not exist; create it");
        Path file = Files.writeString(directory.resolve("notes"), "dear diary");
        assertThatThrownBy(() -> new PidFile(Optional.of(file)).check(Optional.empty()))
                .hasMessageContaining("exists and holds no pid");
        assertThatThrownBy(() ->
                        new PidFile(Optional.of(Files.createDirectory(directory.resolve("d")))).check(Optional.empty()))
                .hasMessageContaining("cannot read the pid file");
    }
}
