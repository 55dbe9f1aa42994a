package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A successor is given an AOT cache only if nothing has changed since it was recorded. */
class AotCacheTest {
    @TempDir
    private Path directory;

    private Path launcher = Path.of("");
    private Path jar = Path.of("");
    private Path cache = Path.of("");

    @BeforeEach
    void aRelease() throws IOException {
        launcher = Files.writeString(directory.resolve("java"), "launcher").toRealPath();
        jar = Files.writeString(directory.resolve("shop.jar"), "one").toRealPath();
        cache = Files.writeString(directory.resolve("shop.aot"), "cache");
    }

    private CommandLine commandLine(String... arguments) {
        return new CommandLine(
                Stream.concat(Stream.of(launcher.toString()), List.of(arguments).stream())
                        .toList(),
                directory);
    }

    private static final String[] WORDS = {"-cp", "", "a=b #\n ünï\\", "Shop"};

    private ReleaseRecord recorded() throws IOException {
        return ReleaseRecord.of(commandLine(WORDS), ReleaseFiles.of(List.of(jar)), List.of());
    }

    @Test
    void aRecordIsReadAsItWasWritten() throws IOException {
        ReleaseRecord written = ReleaseRecord.of(
                commandLine(WORDS),
                ReleaseFiles.of(List.of(jar, launcher, directory)),
                List.of(new InetSocketAddress(InetAddress.getByName("127.0.0.2"), 8080)));
        assertThat(written.files()).containsOnlyKeys(jar, launcher);
        Path file = directory.resolve("record");
        written.write(file);
        assertThat(ReleaseRecord.read(file)).isEqualTo(written);
    }

    @Test
    void theSameReleaseFits() throws IOException {
        assertThat(recorded().difference(commandLine(WORDS), ReleaseFiles.of(List.of(jar))))
                .isEmpty();
        assertThat(recorded()
                        .difference(
                                commandLine("-XX:AOTCache=" + cache, "-cp", "", "a=b #\n ünï\\", "Shop"),
                                ReleaseFiles.of(List.of(jar))))
                .as("what Baton has added itself")
                .isEmpty();
    }

    @Test
    void whatHasChangedIsNamed() throws IOException {
        ReleaseRecord record = recorded();
        ReleaseFiles same = ReleaseFiles.of(List.of(jar));
        assertThat(record.difference(commandLine("-cp", "Shop"), same).orElseThrow())
                .startsWith("it was made for another command line: ");
        Path other = Files.writeString(directory.resolve("other.jar"), "more");
        assertThat(record.difference(commandLine(WORDS), ReleaseFiles.of(List.of(jar, other))))
                .hasValue(other.toRealPath() + " is none of the files from which it was made");
        Path link = Files.createSymbolicLink(directory.resolve("elsewhere"), other);
        CommandLine elsewhere = new CommandLine(
                Stream.concat(Stream.of(link.toString()), List.of(WORDS).stream())
                        .toList(),
                directory);
        assertThat(record.difference(elsewhere, same).orElseThrow()).contains("another command line");
        Files.setLastModifiedTime(jar, FileTime.from(Instant.now().plusSeconds(9)));
        assertThat(record.difference(commandLine(WORDS), same))
                .hasValue(jar + " is not the file from which it was made");
        Files.delete(jar);
        assertThat(record.difference(commandLine(WORDS), same))
                .hasValue(jar + " is not the file from which it was made");
    }

    @Test
    void aLauncherThatIsAnotherJdksByNowIsNamed() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("current"), launcher);
        CommandLine through = new CommandLine(List.of("./current", "Shop"), directory);
        ReleaseRecord record = ReleaseRecord.of(through, ReleaseFiles.of(List.of(jar)), List.of());
        Path next = Files.writeString(directory.resolve("next"), "next").toRealPath();
        Files.delete(link);
        Files.createSymbolicLink(link, next);
        assertThat(record.difference(through, ReleaseFiles.of(List.of(jar))))
                .hasValue("it was made by " + launcher + ", and this is " + next);
    }

    @Test
    void theOptionIsAddedIfTheCacheFitsAndTakenAwayIfNot() throws IOException {
        CommandLine own = CommandLine.ofThisProcess();
        ReleaseRecord.of(own, ReleaseFiles.ofSuccessorIn(own.directory()), List.of())
                .write(AotCache.record(cache));
        CommandLine with = AotCache.with(cache, own);
        assertThat(with.words()).element(1).isEqualTo("-XX:AOTCache=" + cache);
        assertThat(AotCache.with(cache, with))
                .as("of the successor's successor")
                .isEqualTo(with);
        Files.delete(AotCache.record(cache));
        assertThat(AotCache.with(cache, with).words()).isEqualTo(own.words());
        Files.writeString(AotCache.record(cache), "word.0=java");
        assertThat(AotCache.misfit(cache, own).orElseThrow()).contains("is no record of a release");
        Files.delete(cache);
        assertThat(AotCache.misfit(cache, own)).hasValue("it is not there, or cannot be read");
    }
}
