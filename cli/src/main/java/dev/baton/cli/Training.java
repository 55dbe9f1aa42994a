package dev.baton.cli;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_CREATE;

import dev.baton.AotTraining;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** One run of a program that only serves its trainer, and the cache that its JVM leaves when it ends. */
final class Training implements AutoCloseable {
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(10);

    /** What would let the process speak for the service. */
    private static final List<String> OF_THE_SERVICE =
            List.of("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES");

    private final List<String> command;
    private final Path output;
    private final Path directory;
    private final long deadline;
    private final Duration timeout;
    private final PrintWriter out;

    private volatile Optional<Process> process = Optional.empty();

    /** No cache was made; the message is one line. */
    static final class FailedException extends Exception {
        private static final long serialVersionUID = 1L;

        FailedException(String message) {
            super(message);
        }
    }

    /** @param directory an empty one, for this run alone */
    Training(List<String> command, Path output, Path directory, Duration timeout, PrintWriter out) {
        this.command = command;
        this.output = output;
        this.directory = directory;
        this.timeout = timeout;
        this.deadline = System.nanoTime() + timeout.toNanos();
        this.out = out;
    }

    /**
     * Starts, asks, stops, keeps.
     *
     * @throws IOException if the program cannot be started, or a file not be written
     */
    void run(List<String> paths, int requests) throws IOException, FailedException, InterruptedException {
        Path next = output.resolveSibling(output.getFileName() + ".next");
        try {
            Process started = start(next);
            awaitServing(started);
            for (InetSocketAddress listener : AotTraining.listeners(directory)) {
                ask(listener, paths, requests);
            }
            started.destroy();
            if (!started.waitFor(remaining(), TimeUnit.NANOSECONDS)) {
                throw new FailedException("the program did not end within --timeout " + timeout.toSeconds()
                        + "s; the JVM writes the cache when it does");
            }
            keep(next);
        } finally {
            Files.deleteIfExists(next);
            Files.deleteIfExists(next.resolveSibling(next.getFileName() + ".config"));
        }
    }

    private long remaining() {
        return deadline - System.nanoTime();
    }

    private Process start(Path cache) throws IOException {
        List<String> words = new ArrayList<>(command);
        words.removeIf(word -> word.startsWith("-XX:AOTCache="));
        words.add(1, "-XX:AOTCacheOutput=" + cache);
        ProcessBuilder builder = new ProcessBuilder(words).inheritIO();
        builder.environment().putAll(AotTraining.environment(directory));
        builder.environment().keySet().removeAll(OF_THE_SERVICE);
        Process started = builder.start();
        process = Optional.of(started);
        return started;
    }

    /** The program says by a file that it serves; that it has ended says the kernel. */
    private void awaitServing(Process started) throws IOException, FailedException, InterruptedException {
        Path report = AotTraining.report(directory);
        try (WatchService watch = directory.getFileSystem().newWatchService()) {
            var _ = directory.register(watch, ENTRY_CREATE);
            var _ = started.onExit().thenRun(() -> closeQuietly(watch));
            while (!Files.exists(report)) {
                WatchKey event = watch.poll(remaining(), TimeUnit.NANOSECONDS);
                if (event == null) {
                    throw new FailedException("the program did not serve within --timeout " + timeout.toSeconds()
                            + "s; is Baton, or its agent, in it?");
                }
                event.pollEvents();
                event.reset();
            }
        } catch (ClosedWatchServiceException e) {
            throw new FailedException(
                    "the program ended with exit status " + started.waitFor() + " and has served nothing");
        }
    }

    private static void closeQuietly(WatchService watch) {
        try {
            watch.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** A listener that does not speak HTTP is asked once. */
    private void ask(InetSocketAddress listener, List<String> paths, int requests) throws InterruptedException {
        String base = "http://" + listener.getAddress().getHostAddress() + ":" + listener.getPort();
        int answered = 0;
        int refused = 0;
        try (HttpClient client =
                HttpClient.newBuilder().version(Version.HTTP_1_1).build()) {
            for (int i = 0; i < requests && remaining() > 0; i++) {
                for (String path : paths) {
                    HttpRequest request = HttpRequest.newBuilder(URI.create(base + path))
                            .timeout(REQUEST_TIMEOUT)
                            .build();
                    int status = client.send(request, BodyHandlers.discarding()).statusCode();
                    answered++;
                    if (status >= 400) {
                        refused++;
                    }
                }
            }
            say(base + " answered " + answered + " requests, " + refused + " of them with a status of 400 or more");
        } catch (IOException e) {
            say(base + " answered " + answered + " requests, and then: " + e);
        }
    }

    /** The record goes first and comes last, so that it never speaks of another cache than is there. */
    private void keep(Path next) throws IOException, FailedException {
        if (!Files.exists(next)) {
            throw new FailedException("the JVM has made no cache; what it printed says why");
        }
        AotTraining.forget(output);
        Files.move(next, output, ATOMIC_MOVE);
        AotTraining.keep(directory, output);
        say(output + " is made, " + Files.size(output) / 1024 + " KB; restarts of a service with aot-cache=" + output
                + " use it");
    }

    private void say(String line) {
        out.println(line);
        out.flush();
    }

    /** Kills the program if it still runs. */
    @Override
    public void close() {
        process.ifPresent(Process::destroyForcibly);
    }
}
