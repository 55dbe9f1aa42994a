package dev.baton.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.baton.examples.HelloServer;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The example {@link HelloServer} and its successor, with the instants at which they log.
 *
 * <p>Not a {@code ChildJvm}, whose start takes some milliseconds for its own purposes. The shell that sends the signal runs
 * before the clock does, for the same reason.
 */
final class HelloProcess implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final Pattern PID = Pattern.compile("\\(pid (\\d+)\\)");

    private final Process process;
    private final Process signaller;
    private final BlockingQueue<Line> lines = new LinkedBlockingQueue<>();

    @Nullable
    private ProcessHandle successor;

    private HelloProcess(Process process) throws IOException {
        this.process = process;
        Thread.ofPlatform().daemon().name("hello-output").start(this::read);
        this.signaller = new ProcessBuilder("sh", "-c", "read pid && kill -HUP \"$pid\"")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** A line of the log and when it was read. */
    record Line(String text, long atNanos) {}

    static HelloProcess start() throws IOException {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        return new HelloProcess(new ProcessBuilder(
                        java.toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "--enable-native-access=ALL-UNNAMED",
                        HelloServer.class.getName(),
                        "127.0.0.1:0")
                .redirectErrorStream(true)
                .start());
    }

    private void read() {
        try (BufferedReader reader = process.inputReader(UTF_8)) {
            String text;
            while ((text = reader.readLine()) != null) {
                lines.add(new Line(text, System.nanoTime()));
            }
        } catch (IOException e) {
            lines.add(new Line("(output lost: " + e + ")", System.nanoTime()));
        }
    }

    /** Sends SIGHUP and says when. */
    long hangUp() throws IOException {
        try (BufferedWriter writer = signaller.outputWriter(UTF_8)) {
            long now = System.nanoTime();
            writer.write(process.pid() + "\n");
            return now;
        }
    }

    /** Waits for a line that has both texts. */
    Line await(String start, String end) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        StringBuilder said = new StringBuilder();
        Line line;
        while ((line = lines.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) != null) {
            if (line.text.contains(start) && line.text.contains(end)) {
                return line;
            }
            said.append('\n').append(line.text);
        }
        throw new IOException("no line '%s...%s' within %s; it said%s".formatted(start, end, TIMEOUT, said));
    }

    /** Notes the process that this line is about, to be ended too. */
    void successor(Line line) throws IOException {
        Matcher pid = PID.matcher(line.text);
        if (!pid.find()) {
            throw new IOException("no pid in: " + line.text);
        }
        successor = ProcessHandle.of(Long.parseLong(pid.group(1))).orElse(null);
    }

    /** Stops both gracefully, so that nothing of theirs stays behind, and the hard way if that does not help. */
    @Override
    public void close() {
        signaller.destroyForcibly();
        if (successor != null) {
            end(successor);
        }
        end(process.toHandle());
    }

    private static void end(ProcessHandle handle) {
        handle.destroy();
        var _ = handle.onExit().completeOnTimeout(handle, 5, TimeUnit.SECONDS).join();
        handle.destroyForcibly();
    }
}
