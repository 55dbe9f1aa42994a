package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * How ./baton finds its JDK and keeps its build fresh: in a world of the test's own, where nothing is installed but what
 * the test puts there.
 */
class LauncherTest {
    private static final Path LAUNCHER = Path.of("..", "baton").toAbsolutePath().normalize();

    @TempDir
    Path world = Path.of("");

    private record Result(int status, String out, String err) {}

    @BeforeEach
    void build() throws IOException {
        Path tools = Files.createDirectories(world.resolve("tools"));
        for (String tool : List.of("dirname", "ls", "sed", "find", "mkdir", "grep", "head", "touch")) {
            program(tools.resolve(tool), "PATH=/usr/bin:/bin exec " + tool + " \"$@\"");
        }
        Files.createDirectories(world.resolve("jvm"));
        Files.createDirectories(world.resolve("home"));
        executable(Files.writeString(
                world.resolve("baton"),
                Files.readString(LAUNCHER)
                        .replace("/usr/lib/jvm", world.resolve("jvm").toString())));
    }

    @Test
    void withoutAJdkOneLineSaysWhatIsMissing() throws Exception {
        Result result = run(world.resolve("baton"), "");
        assertThat(result.status()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err().lines()).singleElement().asString().contains("a JDK of version 25 or newer is missing");
    }

    @Test
    void javaHomeComesFirst() throws Exception {
        jdk("jvm/jdk-25", "25.0.1");
        Path mine = jdk("mine", "26-ea");
        assertThat(run(world.resolve("baton"), mine.toString()).out()).isEqualTo(mine + "\n");
    }

    @Test
    void anOlderJavaHomeIsPassedOver() throws Exception {
        Path older = jdk("older", "17.0.15");
        Path newer = jdk("jvm/jdk-25", "25");
        assertThat(run(world.resolve("baton"), older.toString()).out()).isEqualTo(newer + "\n");
    }

    @Test
    void aRuntimeWithoutACompilerIsPassedOver() throws Exception {
        Files.delete(jdk("jvm/jre-25", "25").resolve("bin/javac"));
        assertThat(run(world.resolve("baton"), "").status()).isEqualTo(2);
    }

    @Test
    void sdkmansAndAsdfsFoldersAreSearched() throws Exception {
        Path asdf = jdk("home/.asdf/installs/java/temurin-25", "25.0.3");
        assertThat(run(world.resolve("baton"), "").out()).isEqualTo(asdf + "\n");
        Path sdkman = jdk("home/.sdkman/candidates/java/25-tem", "25.0.3");
        assertThat(run(world.resolve("baton"), "").out()).isEqualTo(sdkman + "\n");
    }

    @Test
    void javaOnThePathIsFollowedToItsJdk() throws Exception {
        Path jdk = jdk("opt/jdk-25", "25.0.3");
        Files.createSymbolicLink(world.resolve("alternative"), jdk.resolve("bin/java"));
        Files.createSymbolicLink(world.resolve("tools/java"), world.resolve("alternative"));
        assertThat(run(world.resolve("baton"), "").out()).isEqualTo(jdk + "\n");
    }

    @Test
    void withoutAReleaseFileTheProgramIsAsked() throws Exception {
        Path jdk = jdk("jvm/jdk-25", "25");
        Files.delete(jdk.resolve("release"));
        assertThat(run(world.resolve("baton"), "").out()).isEqualTo(jdk + "\n");
    }

    @Test
    void whatIsBuiltIsRunThroughALinkFromAnywhere() throws Exception {
        jdk("jvm/jdk-25", "25");
        Path jar = distribution();
        Path folder = Files.createDirectories(world.resolve("other folder"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("../baton"));
        Result result = run(link, "", "serve", "two words");
        assertThat(result.out()).as(result.err()).isEqualTo("ran -jar|" + jar + "|serve|two words|\n");
    }

    @Test
    void whatIsStaleIsBuiltFirst() throws Exception {
        jdk("jvm/jdk-25", "25");
        Path jar = distribution();
        program(world.resolve("tools/mvn"), "echo built >&2; touch -d now '" + jar + "'");
        Files.setLastModifiedTime(world.resolve("core/src/main/A.java"), FileTime.from(Instant.now()));
        Result first = run(world.resolve("baton"), "", "serve");
        assertThat(first.status()).isZero();
        assertThat(first.err().lines()).singleElement().asString().contains("building with Maven");
        assertThat(first.out()).isEqualTo("ran -jar|" + jar + "|serve|\n");
        assertThat(world.resolve("target/baton-build.log")).hasContent("built");
    }

    @Test
    void allSourcesButTheTestsAreLookedAt() throws Exception {
        jdk("jvm/jdk-25", "25");
        Path jar = distribution();
        program(world.resolve("tools/mvn"), "echo built >&2; touch -d now '" + jar + "'");
        Path test = Files.createDirectories(world.resolve("core/src/test"));
        Files.writeString(test.resolve("T.java"), "");
        assertThat(run(world.resolve("baton"), "", "serve").err()).isEmpty();
        Path other = Files.createDirectories(world.resolve("core/src/premain"));
        Files.writeString(other.resolve("P.java"), "");
        assertThat(run(world.resolve("baton"), "", "serve").err()).contains("building with Maven");
    }

    @Test
    void aBuildThatFailsNamesItsLog() throws Exception {
        jdk("jvm/jdk-25", "25");
        distribution();
        program(world.resolve("tools/mvn"), "echo '[ERROR] what is wrong'; exit 1");
        Files.setLastModifiedTime(world.resolve("pom.xml"), FileTime.from(Instant.now()));
        Result result = run(world.resolve("baton"), "", "serve");
        assertThat(result.status()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err())
                .contains("[ERROR] what is wrong", "the build failed; see " + world.resolve("target/baton-build.log"));
    }

    @Test
    void withoutMavenOneLineSaysWhatIsMissing() throws Exception {
        jdk("jvm/jdk-25", "25");
        Files.delete(distribution());
        Result result = run(world.resolve("baton"), "", "serve");
        assertThat(result.status()).isEqualTo(2);
        assertThat(result.err().lines()).singleElement().asString().contains("Apache Maven (mvn) is missing");
    }

    /** A source tree of long ago, and what was built of it a while ago. */
    private Path distribution() throws IOException {
        Instant old = Instant.now().minusSeconds(3_600);
        for (String source : List.of("pom.xml", "core/pom.xml", "core/src/main/A.java", "cli/pom.xml")) {
            Path file = world.resolve(source);
            Files.createDirectories(file.getParent());
            Files.setLastModifiedTime(Files.writeString(file, ""), FileTime.from(old));
        }
        Files.setLastModifiedTime(world.resolve("core/src/main"), FileTime.from(old));
        Path jar = world.resolve("cli/target/baton.jar");
        Files.createDirectories(jar.getParent());
        return Files.setLastModifiedTime(Files.writeString(jar, ""), FileTime.from(old.plusSeconds(60)));
    }

    /** A folder that looks like a JDK of this version. */
    private Path jdk(String name, String version) throws IOException {
        Path jdk = world.resolve(name);
        Files.createDirectories(jdk.resolve("bin"));
        Files.writeString(
                jdk.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\nLIBC=\"gnu\"\n");
        for (String program : List.of("java", "javac")) {
            program(
                    jdk.resolve("bin").resolve(program),
                    "if [ \"$1\" = -version ]; then echo 'openjdk version \"" + version + "\" 2026-04-21' >&2; else"
                            + " printf 'ran '; printf '%s|' \"$@\"; echo; fi");
        }
        return jdk;
    }

    private static void program(Path file, String line) throws IOException {
        executable(Files.writeString(file, "#!/bin/sh\n" + line + "\n"));
    }

    private static void executable(Path file) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Result run(Path launcher, String javaHome, String... arguments) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(launcher.toString()).directory(new File("/"));
        builder.command().addAll(arguments.length == 0 ? List.of("--print-jdk") : List.of(arguments));
        builder.environment().clear();
        builder.environment().put("PATH", world.resolve("tools").toString());
        builder.environment().put("HOME", world.resolve("home").toString());
        builder.environment().put("JAVA_HOME", javaHome);
        Path err = world.resolve("err");
        Process process = builder.redirectError(err.toFile()).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Result(process.waitFor(), out, Files.readString(err));
    }
}
