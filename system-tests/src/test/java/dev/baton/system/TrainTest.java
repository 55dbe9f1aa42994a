package dev.baton.system;

import static dev.baton.system.UnmodifiedProgram.program;
import static dev.baton.system.UnmodifiedServer.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cli.Main;
import dev.baton.testkit.Answer;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.StrictConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** `baton train`, beside a running service whose next restart uses what it makes. */
class TrainTest {
    /** The JVM writes the cache at its end, by another JVM. */
    private static final Duration LONG = Duration.ofMinutes(5);

    @TempDir
    private Path directory;

    /** A cache is made for jars, not for folders of classes. */
    private Path jar(String classes) {
        Path jar = directory.resolve("service.jar");
        int status = ToolProvider.findFirst("jar")
                .orElseThrow()
                .run(System.out, System.err, "cf", jar.toString(), "-C", classes, "dev/baton/unmodified");
        assertThat(status).isZero();
        return jar;
    }

    private static List<String> commandLine(long pid) throws Exception {
        byte[] words = Files.readAllBytes(Path.of("/proc/" + pid + "/cmdline"));
        return Arrays.asList(new String(words, StandardCharsets.UTF_8).split("\0", 0));
    }

    private ChildJvm train(Path cache, List<String> command) throws Exception {
        return ChildJvm.of(Main.class)
                .directory(directory)
                .arguments("train", "--output", cache.toString(), "--requests", "20", "--")
                .arguments(command.toArray(String[]::new))
                .start();
    }

    @Test
    void theNextRestartUsesTheCacheAndTheOneAfterANewReleaseDoesNot() throws Exception {
        UnmodifiedProgram program = program("HttpServerProgram");
        Path cache = directory.resolve("service.aot");
        Path jar = jar(program.classPath());
        ChildJvm.Builder packaged = UnmodifiedServer.program(directory, program, "undo-window=0", "aot-cache=" + cache)
                .classPath(jar.toString());
        try (UnmodifiedServer service = UnmodifiedServer.start(directory, packaged, List.of())) {
            long first = service.publishedPid();
            // The service has the port and the pid file: whoever touched them would fail.
            try (ChildJvm training = train(cache, commandLine(first))) {
                training.awaitLine(cache + " is made, ", LONG);
                assertThat(training.awaitExit(SOON)).isZero();
                training.awaitLine(" answered 20 requests, 0 of them", SOON);
            }
            assertThat(service.publishedPid()).isEqualTo(first);
            assertThat(directory)
                    .isDirectoryNotContaining(path -> path.toString().contains(".next"));

            service.restart();
            service.awaitOthersGone();
            assertThat(commandLine(service.publishedPid())).element(1).isEqualTo("-XX:AOTCache=" + cache);
            assertThat(Files.readString(Path.of("/proc/" + service.publishedPid() + "/maps")))
                    .as("the JVM takes it")
                    .contains(cache.toString());
            assertThat(StrictConnection.exchange(service.address(), UnmodifiedServer.request("/"), SOON))
                    .isInstanceOf(Answer.class);

            Files.setLastModifiedTime(jar, FileTime.from(Instant.now().plusSeconds(9)));
            int mark = service.child().mark();
            service.restart();
            service.child()
                    .awaitLineAfter(
                            mark,
                            "why not",
                            line -> line.contains("the AOT cache " + cache + " is not used: " + jar
                                    + " is not the file from which it was made"),
                            SOON);
            assertThat(commandLine(service.publishedPid())).noneMatch(word -> word.contains("AOTCache"));
        }
    }

    @Test
    void aProgramThatEndsBeforeItServesLeavesTheOldCacheAlone() throws Exception {
        Path cache = Files.writeString(directory.resolve("old.aot"), "old");
        try (ChildJvm training = train(cache, List.of("java", "-XX:+NoSuchOption"))) {
            training.awaitLine("has served nothing", SOON);
            assertThat(training.awaitExit(SOON)).isOne();
        }
        try (ChildJvm training = train(cache, List.of("/bin/true"))) {
            training.awaitLine("COMMAND must begin with java, not /bin/true", SOON);
            assertThat(training.awaitExit(SOON)).isEqualTo(2);
        }
        assertThat(cache).hasContent("old");
    }
}
