package dev.baton.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;

/** The testkit's strict client in a JVM that stays, so that it is warm. */
final class TestkitClient implements Client {
    private final Process process;
    private final BufferedWriter commands;
    private final BufferedReader results;

    private TestkitClient(Process process) {
        this.process = process;
        this.commands = process.outputWriter(UTF_8);
        this.results = process.inputReader(UTF_8);
    }

    static Client start() throws IOException {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        return new TestkitClient(new ProcessBuilder(
                        java.toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-Xmx256m",
                        TestkitLoad.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    @Override
    public Sample drive(InetSocketAddress address, int connections, Duration duration) throws IOException {
        commands.write(address.getPort() + " " + connections + " " + duration.toMillis() + "\n");
        commands.flush();
        String line = results.readLine();
        if (line == null) {
            throw new IOException("the load generator has ended");
        }
        String[] figures = line.split(" ", -1);
        return new Sample(
                Long.parseLong(figures[0]), Long.parseLong(figures[1]), Duration.ofNanos(Long.parseLong(figures[2])));
    }

    /** Ends the load generator by the end of its input. */
    @Override
    public void close() throws IOException {
        commands.close();
        process.onExit().join();
    }

    @Override
    public String toString() {
        return "the testkit's client";
    }
}
