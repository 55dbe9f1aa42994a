package dev.baton.system;

import static dev.baton.system.UnmodifiedServer.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.TestCertificate;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** baton.jar, agent and command line in one file. */
class BatonJarTest {
    @TempDir
    private Path directory;

    private static List<String> text(ChildJvm child) throws InterruptedException {
        return child.awaitAllOutput(SOON).stream().map(OutputLine::text).toList();
    }

    @Test
    void theFileAloneServesOverOpenSslAndRestartsWithoutAWarning() throws Exception {
        Path jar = Files.copy(UnmodifiedServer.batonJar(), directory.resolve("baton.jar"));
        TestCertificate certificate = TestCertificate.create();
        try (TlsSite site = TlsSite.start(
                ChildJvm.ofJar(jar).withoutNativeAccess(), directory, certificate, "--tls-provider", "OPENSSL")) {
            site.restart(2);
            assertThat(site.load(certificate).requests(1).start().join().answered())
                    .isEqualTo(1);
            site.child().awaitLine("generation 1 drained", SOON);
            assertThat(site.child().lines())
                    .extracting(OutputLine::text)
                    .allMatch(line -> line.contains(" INFO ") || line.startsWith("serving "));
        }
    }

    @Test
    void aCommandSaysTheVersionOfTheJar() throws Exception {
        try (ChildJvm child = ChildJvm.ofJar(UnmodifiedServer.batonJar())
                .withoutNativeAccess()
                .arguments("--version")
                .start()) {
            assertThat(child.awaitExit(SOON)).isZero();
            assertThat(text(child)).first().asString().matches("baton \\d.*");
        }
    }

    @Test
    void aProgramWithTheAgentSeesNothingOfItAndTheAgentLoadsNothingOfTheCommandLine() throws Exception {
        try (ChildJvm child = ChildJvm.ofMain(VisibleClasses.class.getName())
                .withoutNativeAccess()
                .classPath(Path.of(VisibleClasses.class
                                .getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .toURI())
                        .toString())
                .jvmOptions("-javaagent:" + UnmodifiedServer.batonJar() + "=run-dir=" + directory.resolve("run"))
                .jvmOptions("-Xlog:class+load:file=" + directory.resolve("loaded"))
                .arguments(UnmodifiedServer.batonJar().toString())
                .start()) {
            assertThat(child.awaitExit(SOON)).isZero();
            List<String> lines = text(child);
            assertThat(lines)
                    .contains(
                            "looked for dev.baton.agent.Agent",
                            "looked for dev.baton.cli.Main",
                            "looked for picocli.CommandLine");
            assertThat(lines)
                    .filteredOn(line -> line.startsWith("sees "))
                    .contains("sees dev.baton.agent.premain.Premain")
                    .allMatch(line -> line.startsWith("sees dev.baton.agent.premain.")
                            // The hooks are the JDK's, which can be found by name and not be used.
                            || line.startsWith("sees sun.nio.ch.Baton"));
            assertThat(Files.readString(directory.resolve("loaded")))
                    .contains(" dev.baton.agent.Agent ")
                    .doesNotContain(" picocli.", " io.netty.", " dev.baton.cli.", " dev.baton.http.");
        }
    }

    /** With the {@code java} of the PATH, if it is an older one. */
    @Test
    void onAnOldJdkACommandSaysInOneLineWhichIsNeeded() throws Exception {
        try (ChildJvm child = ChildJvm.ofJar(UnmodifiedServer.batonJar())
                .withoutNativeAccess()
                .java(Path.of("java"))
                .arguments("--help")
                .start()) {
            int status = child.awaitExit(SOON);
            List<String> lines = text(child);
            Assumptions.assumeTrue(lines.size() == 1, "the java of the PATH is new enough");
            assertThat(lines.getFirst())
                    .matches("baton: this is JDK \\d+, and Baton needs JDK 25 or newer; run it with that one's java");
            assertThat(status).isEqualTo(2);
        }
    }
}
