package dev.baton.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** {@code wrk}, which needs less of the processor than the testkit's client, and does not look at bodies. */
final class WrkClient implements Client {
    private static final Pattern SUMMARY = Pattern.compile("answered (\\d+) failed (\\d+) microseconds (\\d+)");

    /** Makes wrk print its figures for {@link #SUMMARY}. Runs once, at the end. */
    private static final String SCRIPT = """
            function done(summary, latency, requests)
              local e = summary.errors
              io.write(string.format("answered %d failed %d microseconds %d\\n", summary.requests - e.status,
                  e.connect + e.read + e.write + e.status + e.timeout, summary.duration))
            end
            """;

    private final Path program;
    private final Path script;

    private WrkClient(Path program, Path script) {
        this.program = program;
        this.script = script;
    }

    /** Empty if there is no {@code wrk} on the path. */
    static Optional<Client> find() throws IOException {
        String path = System.getenv().getOrDefault("PATH", "");
        Optional<Path> program = Stream.of(path.split(File.pathSeparator, -1))
                .map(directory -> Path.of(directory, "wrk"))
                .filter(Files::isExecutable)
                .findFirst();
        if (program.isEmpty()) {
            return Optional.empty();
        }
        Path script = Files.createTempFile("baton-wrk", ".lua");
        script.toFile().deleteOnExit();
        Files.writeString(script, SCRIPT);
        return Optional.of(new WrkClient(program.get(), script));
    }

    @Override
    public Sample drive(InetSocketAddress address, int connections, Duration duration)
            throws IOException, InterruptedException {
        // wrk knows whole seconds only.
        long seconds = Math.max(1, duration.toSeconds());
        List<String> command = List.of(
                program.toString(),
                "--threads=1",
                "--connections=" + connections,
                "--duration=" + seconds + "s",
                "--script=" + script,
                "http://" + address.getAddress().getHostAddress() + ":" + address.getPort() + "/");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        int status = process.waitFor();
        Matcher summary = SUMMARY.matcher(output);
        if (status != 0 || !summary.find()) {
            throw new IOException("wrk ended with status " + status + " and said: " + output.strip());
        }
        return new Sample(
                Long.parseLong(summary.group(1)),
                Long.parseLong(summary.group(2)),
                Duration.ofNanos(Long.parseLong(summary.group(3)) * 1_000));
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(script);
    }

    @Override
    public String toString() {
        return "wrk";
    }
}
