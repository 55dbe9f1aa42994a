package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.ListenAddress;
import dev.baton.drain.DrainReason;
import dev.baton.http.BatonHttpServer;
import dev.baton.http.HttpServerOptions;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** HTTP/2 with clients that others have written: curl, nghttp and h2load. Skipped where one is missing. */
class Http2ForeignClientsTest {
    private static final int UPLOAD = 3_000_000;

    @TempDir
    private Path directory;

    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch draining = new CountDownLatch(1);
    private BatonHttpServer server = BatonHttpServer.create();
    private String authority = "";

    @BeforeEach
    void serve() throws IOException {
        server = BatonHttpServer.create(
                HttpServerOptions.builder().http2Upgrade(true).build());
        server.createContext("/", exchange -> {
            int length = exchange.getRequestBody().readAllBytes().length;
            if (exchange.getRequestURI().getPath().equals("/drain")) {
                entered.countDown();
                awaitDrain();
            }
            byte[] answer = (exchange.getProtocol() + " " + length).getBytes(StandardCharsets.US_ASCII);
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        SocketAddress address =
                server.listen(ListenAddress.parse("127.0.0.1:0")).localAddress();
        server.connections().onShutdown(_ -> draining.countDown());
        server.start();
        authority = "http:/" + address;
    }

    private void awaitDrain() throws IOException {
        try {
            if (!draining.await(30, TimeUnit.SECONDS)) {
                throw new IOException("no drain has begun");
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private static boolean isInstalled(String program) {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(":", 0))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    /** Gives what the program has printed. */
    private String run(String... command) throws Exception {
        return finish(start(command), command);
    }

    private Process start(String... command) throws IOException {
        assumeTrue(isInstalled(command[0]), command[0] + " is not installed (Debian: curl, nghttp2-client)");
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile())
                .start();
    }

    private String finish(Process process, String... command) throws Exception {
        boolean ended = process.waitFor(60, TimeUnit.SECONDS);
        process.destroyForcibly();
        String output = Files.readString(directory.resolve("output"));
        assertThat(ended)
                .as("%s has ended; it said %s", Arrays.toString(command), output)
                .isTrue();
        assertThat(process.exitValue())
                .as("%s said %s", Arrays.toString(command), output)
                .isZero();
        return output;
    }

    private Path upload() throws IOException {
        return Files.write(directory.resolve("upload"), new byte[UPLOAD]);
    }

    @Test
    void curlWithPriorKnowledge() throws Exception {
        assertThat(run("curl", "-sS", "--http2-prior-knowledge", authority + "/"))
                .isEqualTo("HTTP/2 0");
    }

    @Test
    void curlUploadsWithPriorKnowledge() throws Exception {
        assertThat(run("curl", "-sS", "--http2-prior-knowledge", "--data-binary", "@" + upload(), authority + "/"))
                .isEqualTo("HTTP/2 " + UPLOAD);
    }

    @Test
    void curlUpgradesAndGoesOn() throws Exception {
        assertThat(run("curl", "-sS", "--http2", authority + "/", authority + "/two"))
                .isEqualTo("HTTP/2 0HTTP/2 0");
    }

    @Test
    void nghttpGetsManyThingsAtOnce() throws Exception {
        assertThat(run("nghttp", "-m", "20", authority + "/")).isEqualTo("HTTP/2 0".repeat(20));
    }

    @Test
    void nghttpUpgrades() throws Exception {
        assertThat(run("nghttp", "-u", authority + "/")).isEqualTo("HTTP/2 0");
    }

    @Test
    void h2loadLosesNothing() throws Exception {
        String report = run("h2load", "-n", "5000", "-c", "4", "-m", "50", authority + "/");

        assertThat(report).contains("5000 succeeded, 0 failed, 0 errored, 0 timeout");
    }

    @Test
    void h2loadUploads() throws Exception {
        String report = run("h2load", "-n", "40", "-c", "2", "-m", "10", "-d", upload().toString(), authority + "/");

        assertThat(report).contains("40 succeeded, 0 failed, 0 errored, 0 timeout");
    }

    @Test
    void nghttpIsServedToTheEndInADrainAndUnderstandsIt() throws Exception {
        String[] command = {"nghttp", "-nv", authority + "/drain"};
        Process client = start(command);
        assertThat(entered.await(30, TimeUnit.SECONDS)).isTrue();
        var _ = server.connections().drain(DrainReason.SUCCEEDED);
        String output = finish(client, command);

        List<String> goAways = output.lines()
                .map(String::strip)
                .filter(line -> line.startsWith("(last_stream_id="))
                .toList();
        assertThat(output).contains(":status: 200");
        assertThat(goAways)
                .anySatisfy(line -> assertThat(line).startsWith("(last_stream_id=2147483647, error_code=NO_ERROR"));
    }
}
