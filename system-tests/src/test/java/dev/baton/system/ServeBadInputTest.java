package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.cli.Main;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.TestCertificate;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What `baton serve` cannot do ends with status 2 and one line that says what to do. */
class ServeBadInputTest {
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    Path directory = Path.of("");

    @Test
    void aPortInUseIsNamed() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String address = "127.0.0.1:" + taken.getLocalPort();
            assertRefused(
                    serve("--listen", address),
                    "cannot listen on " + address + ": the address is in use; stop the process that uses it");
        }
    }

    @Test
    void aUnixSocketInAMissingFolderIsNamed() throws Exception {
        assertRefused(
                serve("--listen", "unix:" + directory.resolve("none/socket")), "its folder does not exist; create it");
    }

    @Test
    void aPidFileThatHoldsNoPidIsLeftAlone() throws Exception {
        Path file = Files.writeString(directory.resolve("notes"), "important\n");
        assertRefused(serve("--pid-file", file.toString()), "holds no pid; remove it or choose another");
        assertThat(file).hasContent("important");
    }

    @Test
    void aPidFileOfARunningServerIsNotTaken() throws Exception {
        Path file = directory.resolve("pid");
        try (ChildJvm first = serve("--pid-file", file.toString()).start()) {
            first.awaitLine("serving ", SOON);
            assertRefused(
                    serve("--pid-file", file.toString()),
                    "names the running process " + first.pid() + "; stop that process, or choose another file");
            assertThat(file).hasContent(Long.toString(first.pid()));
        }
    }

    @Test
    void anUnreadablePidFileIsNamed() throws Exception {
        Path file = Files.writeString(directory.resolve("pid"), "1\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
        assertRefused(
                bound(serve("--pid-file", file.toString())), "cannot read the pid file " + file, "choose another");
    }

    @Test
    void aPidFileInAFolderThatCannotBeWrittenIsNamed() throws Exception {
        Path folder = Files.createDirectory(directory.resolve("locked"));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("r-xr-xr-x"));
        assertRefused(
                bound(serve("--pid-file", folder.resolve("pid").toString())),
                "permission denied; choose a folder that this user may write to");
    }

    @Test
    void aDirectoryThatCannotBeReadIsNamed() throws Exception {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("---------"));
        try {
            assertRefused(bound(serve()), "the directory " + directory + " cannot be read by this user");
        } finally {
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        }
    }

    @Test
    void aCertificateThatIsMissingIsNamed() throws Exception {
        Path certificate = directory.resolve("cert.pem");
        assertRefused(serve("--tls-cert", certificate.toString()), "--tls-cert and --tls-key belong together");
        assertRefused(
                serve("--tls-cert", certificate.toString(), "--tls-key", certificate.toString()),
                "the certificate file " + certificate + " does not exist");
    }

    @Test
    void aKeyThatCannotBeReadIsNamed() throws Exception {
        TestCertificate made = TestCertificate.create();
        Path certificate = Files.writeString(directory.resolve("cert.pem"), made.certificatePem());
        Path key = Files.writeString(directory.resolve("key.pem"), made.keyPem());
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("---------"));
        assertRefused(
                bound(serve("--tls-cert", certificate.toString(), "--tls-key", key.toString())),
                "the key file " + key + " cannot be read by this user");
    }

    private ChildJvm.Builder serve(String... options) {
        ChildJvm.Builder serve = ChildJvm.of(Main.class)
                .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                .arguments("serve", directory.toString());
        if (!List.of(options).contains("--listen")) {
            serve.arguments("--listen", "127.0.0.1:0");
        }
        return serve.arguments(options);
    }

    /** Makes file permissions count for root too, by taking away the capabilities that override them. */
    private static ChildJvm.Builder bound(ChildJvm.Builder serve) {
        if (!System.getProperty("user.name").equals("root")) {
            return serve;
        }
        assumeTrue(
                Files.isExecutable(Path.of("/usr/bin/setpriv")),
                "permissions do not bind root, and setpriv (util-linux) is not there to make them");
        return serve.startedBy("setpriv", "--bounding-set=-dac_override,-dac_read_search");
    }

    private static void assertRefused(ChildJvm.Builder serve, String... message) throws Exception {
        try (ChildJvm child = serve.start()) {
            int status = child.awaitExit(SOON);
            List<OutputLine> lines = child.awaitAllOutput(SOON);
            assertThat(status).as(lines.toString()).isEqualTo(2);
            assertThat(lines).singleElement().satisfies(line -> {
                assertThat(line.stderr()).isTrue();
                assertThat(line.text()).startsWith("baton serve: ").contains(message);
            });
        }
    }
}
