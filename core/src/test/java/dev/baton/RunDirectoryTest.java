package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.posix.ProcessContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunDirectoryTest {
    @TempDir
    private Path parent;

    private Path make(String mode) throws IOException {
        Path directory = Files.createDirectory(parent.resolve("run"));
        return Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString(mode));
    }

    private static void expectRefusal(Path directory) {
        assertThatThrownBy(() -> RunDirectory.open(Optional.of(directory)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(directory.toString())
                .hasMessageContaining("set BATON_RUN_DIR to another");
    }

    @Test
    void aDirectoryThatIsNotThereIsMadeForTheUserAlone() throws IOException {
        Path directory = parent.resolve("a/b/run");
        assertThat(RunDirectory.open(Optional.of(directory))).isEqualTo(directory);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
                .isEqualTo("rwx------");
        assertThat(RunDirectory.open(Optional.of(directory))).isEqualTo(directory);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rwx--x---", "rwxr-x---", "rwx---r--", "rwxrwxrwx", "r-x------"})
    void aDirectoryOfAnotherModeIsRefusedAndLeftAsItIs(String mode) throws IOException {
        Path directory = make(mode);
        expectRefusal(directory);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
                .isEqualTo(mode);
    }

    @Test
    void aDirectoryOfAnotherUserIsRefused() throws IOException {
        assumeTrue(ProcessContext.effectiveUserId() == 0, "only root can give a directory away");
        Path directory = make("rwx------");
        Files.setAttribute(directory, "unix:uid", 65_534);
        expectRefusal(directory);
    }

    @Test
    void aSymbolicLinkIsRefusedWhateverItLeadsTo() throws IOException {
        Path directory = make("rwx------");
        expectRefusal(Files.createSymbolicLink(parent.resolve("link"), directory));
        expectRefusal(Files.createSymbolicLink(parent.resolve("dangling"), parent.resolve("nowhere")));
        assertThat(parent.resolve("nowhere")).doesNotExist();
    }

    @Test
    void aFileIsRefused() throws IOException {
        expectRefusal(Files.createFile(parent.resolve("file")));
    }
}
