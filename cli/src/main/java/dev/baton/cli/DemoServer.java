package dev.baton.cli;

import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Signals;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A {@code baton serve} in processes of its own, restarted and watched from outside only: through its pid file, its
 * log and {@code /proc}.
 */
final class DemoServer implements AutoCloseable {
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration RESTART_TIMEOUT = Duration.ofSeconds(100);
    private static final Pattern SERVED_URL = Pattern.compile("http://127\\.0\\.0\\.1:(\\d+)/");

    private final ChildJvm child;
    private final Path pidFile;
    private final InetSocketAddress address;
    private int generation = 1;

    private DemoServer(ChildJvm child, Path pidFile, InetSocketAddress address) {
        this.child = child;
        this.pidFile = pidFile;
        this.address = address;
    }

    static DemoServer start(Path directory, Path pidFile) throws CannotRunException, InterruptedException {
        ChildJvm child;
        try {
            child = commandLine()
                    .arguments("serve", directory.toString())
                    .arguments("--listen", "127.0.0.1:0", "--pid-file", pidFile.toString(), "--name", "baton-demo")
                    .start();
        } catch (IOException e) {
            throw new CannotRunException("the server cannot be started: " + e.getMessage(), e);
        }
        try {
            OutputLine line = child.awaitLine(text -> SERVED_URL.matcher(text).find(), START_TIMEOUT);
            Matcher url = SERVED_URL.matcher(line.text());
            if (!url.find()) {
                throw new AssertionError("the line was found by this pattern");
            }
            int port = Integer.parseInt(url.group(1));
            return new DemoServer(child, pidFile, new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        } catch (AssertionError e) {
            child.close();
            throw new CannotRunException("the server did not start: " + e.getMessage(), e);
        }
    }

    /** This command line: its class, or its jar, which has loaded it from where the class path does not reach. */
    private static ChildJvm.Builder commandLine() {
        return Main.class.getClassLoader().equals(ClassLoader.getSystemClassLoader())
                ? ChildJvm.of(Main.class)
                : ChildJvm.ofJar(Path.of(System.getProperty("java.class.path")));
    }

    InetSocketAddress address() {
        return address;
    }

    int generation() {
        return generation;
    }

    /** The process that serves now, by the pid file. */
    long pid() throws IOException {
        return Long.parseLong(Files.readString(pidFile).strip());
    }

    /**
     * Sends SIGHUP to the process that serves and waits until that is gone.
     *
     * @throws RestartFailedException if that is not what happened
     */
    RestartTimes restart() throws RestartFailedException, InterruptedException {
        try {
            long old = pid();
            int next = generation + 1;
            int mark = child.mark();
            long signalled = System.nanoTime();
            Signals.send(old, "HUP");
            long ready = awaitReport(mark, "generation " + next + " (pid ", ") is ready after ");
            long switched = awaitReport(mark, "switched to generation " + next + " (pid ", " after ");
            if (pid() == old) {
                throw new RestartFailedException("the pid file still names process " + old + " after the switch");
            }
            Await.state("the old process " + old + " to exit", RESTART_TIMEOUT, () -> !ProcFs.running(old));
            long gone = System.nanoTime();
            generation = next;
            return new RestartTimes(
                    next,
                    switched,
                    Duration.ofNanos(ready - signalled),
                    Duration.ofNanos(switched - signalled),
                    Duration.ofNanos(gone - signalled));
        } catch (IOException | AssertionError e) {
            throw new RestartFailedException(String.valueOf(e.getMessage()));
        } catch (InterruptedException | RestartFailedException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("the condition above throws nothing else", e);
        }
    }

    /** When the log line came that reports this; the wording is the one that core's Log promises. */
    private long awaitReport(int mark, String start, String middle)
            throws RestartFailedException, InterruptedException {
        OutputLine line = child.awaitLineAfter(
                mark,
                "a report '" + start + "...'",
                text -> (text.contains(start) && text.contains(middle)) || text.contains("restart failed after"),
                RESTART_TIMEOUT);
        if (line.text().contains("restart failed after")) {
            throw new RestartFailedException(line.text());
        }
        return line.atNanos();
    }

    /** Kills every generation that lives: nobody waits for an answer any more. */
    @Override
    public void close() {
        child.close();
    }

    /** A restart did not happen as it should; the message says in what. */
    static final class RestartFailedException extends Exception {
        private static final long serialVersionUID = 1L;

        RestartFailedException(String message) {
            super(message);
        }
    }
}
