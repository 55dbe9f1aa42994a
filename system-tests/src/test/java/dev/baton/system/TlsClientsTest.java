package dev.baton.system;

import static dev.baton.system.TlsSite.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.testkit.TestCertificate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS with clients of others. */
class TlsClientsTest {
    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"-tls1_3", "-tls1_2"})
    void aSessionOfTheOldGenerationIsResumedByTheNewOne(String version) throws Exception {
        assumeInstalled("openssl");
        String session = directory.resolve("session").toString();
        try (TlsSite site = TlsSite.start(directory, TestCertificate.create())) {
            assertThat(sClient(site, version, "-sess_out", session))
                    .contains("\nNew, ")
                    .contains("hello over TLS");

            site.restart(2);
            assertThat(sClient(site, version, "-sess_in", session, "-sess_out", session))
                    .contains("\nReused, ")
                    .contains("Baton-generation: 2")
                    .contains("Verification: OK");
            site.restart(3);
            assertThat(sClient(site, version, "-sess_in", session)).contains("\nReused, ");
        }
    }

    private String sClient(TlsSite site, String... more) throws Exception {
        List<String> command = new ArrayList<>(List.of("openssl", "s_client", "-ign_eof", "-connect"));
        command.add("127.0.0.1:" + site.address().getPort());
        command.addAll(List.of("-CAfile", site.certificateFile().toString()));
        command.addAll(List.of(more));
        return run(command, "GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    }

    @Test
    void curlIsServedOverWhatItPrefers() throws Exception {
        assumeInstalled("curl");
        try (TlsSite site = TlsSite.start(directory, TestCertificate.create())) {
            String url = "https://127.0.0.1:" + site.address().getPort() + "/hello.txt";
            List<String> curl =
                    List.of("curl", "-sS", "--cacert", site.certificateFile().toString(), "-w", "%{http_version}", url);
            assertThat(run(with(curl, "--http1.1"), "")).isEqualTo("hello over TLS\n1.1");
            if (run(List.of("curl", "--version"), "").contains("HTTP2")) {
                assertThat(run(with(curl, "--http2"), "")).isEqualTo("hello over TLS\n2");
            }
        }
    }

    private static List<String> with(List<String> command, String option) {
        List<String> all = new ArrayList<>(command);
        all.add(1, option);
        return all;
    }

    private static void assumeInstalled(String program) {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin", program)), program + " is not installed");
    }

    private String run(List<String> command, String input) throws IOException, InterruptedException {
        Path in = Files.writeString(directory.resolve("in"), input);
        Path out = directory.resolve("out");
        Process process = new ProcessBuilder(command)
                .redirectInput(in.toFile())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        try {
            assertThat(process.waitFor(SOON.toSeconds(), TimeUnit.SECONDS))
                    .as("%s has ended", command)
                    .isTrue();
            return Files.readString(out, StandardCharsets.ISO_8859_1);
        } finally {
            process.destroyForcibly();
        }
    }
}
