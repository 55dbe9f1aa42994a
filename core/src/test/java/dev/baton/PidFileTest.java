package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.testkit.ChildJvm;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
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
            Files.setLastModifiedTime(
                    directory.resolve("pid"), FileTime.from(Instant.now().minusSeconds(3600)));
            assertThatCode(() -> pidFile.check(Optional.empty())).doesNotThrowAnyException();
        }
    }

    @Test
    void aLivingInstanceWithOtherArgumentsIsRespectedToo() throws Exception {
        Path file = directory.resolve("pid");
        try (ChildJvm first = service(file).arguments("127.0.0.1:0").start()) {
            first.awaitLine("1 ready", Duration.ofSeconds(30));
            try (ChildJvm second = service(file).start()) {
                second.awaitLine("names the running process " + first.pid(), Duration.ofSeconds(30));
                assertThat(second.awaitExit(Duration.ofSeconds(30))).isEqualTo(1);
            }
            assertThat(file).hasContent(first.pid() + "\n");
        }
    }

    @Test
    void aSecondInstanceThatFailsForItsPortOrPathLeavesAllThatIsTheFirstOnes() throws Exception {
        Path file = directory.resolve("pid");
        Path path = directory.resolve("s");
        try (ChildJvm first =
                service(file).arguments("unix:" + path, "127.0.0.1:0").start()) {
            first.awaitLine("1 ready", Duration.ofSeconds(30));
            String tcp = first.awaitLine("1 listens on /127.0.0.1:", Duration.ofSeconds(30))
                    .text();
            String port = tcp.substring(tcp.indexOf("127"), tcp.lastIndexOf(' '));
            Object inode = Files.getAttribute(path, "unix:ino");
            for (String address : List.of("unix:" + path, port)) {
                try (ChildJvm second =
                        service(directory.resolve("other")).arguments(address).start()) {
                    second.awaitLine("the address is in use", Duration.ofSeconds(30));
                    assertThat(second.awaitExit(Duration.ofSeconds(30))).isEqualTo(1);
                }
            }
            assertThat(directory.resolve("other")).doesNotExist();
            assertThat(file).hasContent(first.pid() + "\n");
            assertThat(Files.getAttribute(path, "unix:ino")).isEqualTo(inode);
            try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
                assertThat(client.isConnected()).isTrue();
            }
            first.signal("HUP");
            first.awaitLine("2 ready", Duration.ofSeconds(30));
        }
    }

    @Test
    void whatAKilledProcessLeavesBehindIsInNobodysWay() throws Exception {
        Path file = directory.resolve("pid");
        Path path = directory.resolve("s");
        Path run = directory.resolve("run");
        long killed;
        try (ChildJvm first = service(file).arguments("unix:" + path).start()) {
            first.awaitLine("1 ready", Duration.ofSeconds(30));
            killed = first.pid();
            first.signal("KILL");
            first.awaitExit(Duration.ofSeconds(30));
        }
        // As if it had been killed while it wrote, and while it bound.
        Path halfWritten = Files.writeString(directory.resolve(".pid.next-" + killed), "12");
        Path foreign = Files.writeString(directory.resolve(".pid.next-word"), "");
        Files.createFile(directory.resolve(".s.lock"));
        try (ChildJvm second = service(file).arguments("unix:" + path).start()) {
            second.awaitLine("1 ready", Duration.ofSeconds(30));
            assertThat(file).hasContent(second.pid() + "\n");
            assertThat(halfWritten).doesNotExist();
            assertThat(foreign).exists();
            assertThat(directory.resolve(".s.lock")).doesNotExist();
            assertThat(run.resolve(ControlSocket.name(second.pid()))).exists();
            try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
                assertThat(client.isConnected()).isTrue();
            }
        }
    }

    @Test
    void nobodyElseMayWriteToItWhateverTheUmaskIs() throws Exception {
        Path file = directory.resolve("pid");
        for (String umask : List.of("0", "027")) {
            try (ChildJvm child = service(file)
                    .startedBy("sh", "-c", "umask " + umask + "; exec \"$@\"", "sh")
                    .start()) {
                child.awaitLine("1 ready", Duration.ofSeconds(30));
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                        .isEqualTo(umask.equals("0") ? "rw-r--r--" : "rw-r-----");
            }
        }
    }

    @Test
    void aLinkIsReplacedAndWhatItLeadsToIsLeftAlone() throws IOException {
        Path target = Files.writeString(directory.resolve("target"), "1\n");
        Path file = Files.createSymbolicLink(directory.resolve("pid"), target);
        PidFile pidFile = new PidFile(Optional.of(file));
        pidFile.check(Optional.empty());
        pidFile.write(SELF);
        assertThat(file).isRegularFile().hasContent(SELF + "\n");
        assertThat(Files.isSymbolicLink(file)).isFalse();
        assertThat(target).hasContent("1\n");
    }

    @Test
    void aLinkInThePlaceOfTheTemporaryFileIsNotFollowed() throws IOException {
        Path precious = Files.writeString(directory.resolve("precious"), "precious");
        Files.createSymbolicLink(directory.resolve(".pid.next-" + SELF), precious);
        PidFile pidFile = new PidFile(Optional.of(directory.resolve("pid")));
        pidFile.write(SELF);
        assertThat(precious).hasContent("precious");
        assertThat(directory.resolve("pid")).hasContent(SELF + "\n");
    }

    @Test
    void aFolderThatWasReplacedGetsTheNextPid() throws IOException {
        Path folder = Files.createDirectory(directory.resolve("folder"));
        PidFile pidFile = new PidFile(Optional.of(folder.resolve("pid")));
        pidFile.write(1);
        Files.move(folder, directory.resolve("old"));
        assertThatThrownBy(() -> pidFile.write(SELF)).isInstanceOf(NoSuchFileException.class);
        Files.createDirectory(folder);
        pidFile.write(SELF);
        assertThat(folder.resolve("pid")).hasContent(SELF + "\n");
        assertThat(directory.resolve("old/pid")).hasContent("1\n");
    }

    @Test
    void aWriteThatFailsLeavesNothing() throws IOException {
        Path file = directory.resolve("pid");
        Files.createDirectories(file.resolve("not-empty"));
        assertThatThrownBy(() -> new PidFile(Optional.of(file)).write(SELF)).isInstanceOf(IOException.class);
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
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
                .hasMessageContaining("is no plain file");
        assertThatThrownBy(() -> new PidFile(Optional.of(Path.of("/dev/null"))).check(Optional.empty()))
                .hasMessageContaining("is no plain file");
        Path empty = Files.createFile(directory.resolve("empty"));
        assertThatCode(() -> new PidFile(Optional.of(empty)).check(Optional.empty()))
                .doesNotThrowAnyException();
    }
}
