package dev.baton.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * A real JVM, started by a test, with all generations that come after it.
 *
 * <p>Its output is collected, and so is that of its successors, which inherit it. Every process that descends from it is
 * known by the variable {@value #MARKER} in its environment, also when its parent has gone; {@link #close()} kills those
 * and no others. Safe for use by any thread.
 */
public final class ChildJvm implements AutoCloseable {
    /**
     * The environment variable that marks the processes of one child. Its value is unique; where a child has children of
     * its own by this class, theirs begins with its own and a slash, so that they go with it.
     */
    public static final String MARKER = "BATON_TESTKIT_ID";

    private static final Duration KILL_TIMEOUT = Duration.ofSeconds(10);

    private final String id;
    private final Process process;
    private final Output output;
    private final Set<ProcFs.Identity> found = ConcurrentHashMap.newKeySet();

    private ChildJvm(String id, Process process, Output output) {
        this.id = id;
        this.process = process;
        this.output = output;
    }

    /** Describes a JVM that runs this class, on the class path and with the JDK of the caller. */
    public static Builder of(Class<?> mainClass) {
        return new Builder(List.of(mainClass.getName()));
    }

    /** Describes a JVM that runs a class of this name, which need not be on the caller's class path. */
    public static Builder ofMain(String mainClass) {
        return new Builder(List.of(mainClass));
    }

    /** Describes a JVM that runs this jar. */
    public static Builder ofJar(Path jar) {
        return new Builder(List.of("-jar", jar.toString()));
    }

    /** The pid of the JVM that was started: the first generation. */
    public long pid() {
        return process.pid();
    }

    /** Whether the JVM that was started runs. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Completes when the JVM that was started has exited, and holds its exit status. */
    public CompletableFuture<Integer> onExit() {
        return process.onExit().thenApply(Process::exitValue);
    }

    /**
     * Waits for the JVM that was started to exit, and returns its exit status: 128 plus the signal's number if that
     * ended it.
     *
     * @throws AssertionError if it runs on
     */
    public int awaitExit(Duration timeout) throws InterruptedException {
        if (!process.waitFor(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
            throw new AssertionError("process " + pid() + " runs on after " + timeout + "; it said\n" + output.tail());
        }
        return process.exitValue();
    }

    /**
     * All processes that live and descend from this child, itself included, in ascending order of pids.
     *
     * <p>A process that ends loses its environment, by which it is found, before its sockets are closed. So one that was
     * found once is remembered until it does not run any more.
     */
    public List<Long> processes() {
        ProcFs.withEnvironment(MARKER, value -> value.equals(id) || value.startsWith(id + "/"))
                .forEach(pid -> ProcFs.identity(pid).ifPresent(found::add));
        found.removeIf(process -> !process.running());
        return found.stream().map(ProcFs.Identity::pid).sorted().toList();
    }

    /**
     * Waits until no process that descends from this child lives.
     *
     * @throws AssertionError if one does
     */
    public void awaitAllGone(Duration timeout) throws InterruptedException {
        var _ = Await.value(
                "all processes of the child to exit",
                timeout,
                () -> processes().isEmpty() ? Optional.of(true) : Optional.empty(),
                () -> processes() + ", which said\n" + output.tail());
    }

    /**
     * Sends a signal to the JVM that was started.
     *
     * @param name without SIG, such as {@code HUP}
     */
    public void signal(String name) throws IOException, InterruptedException {
        Signals.send(pid(), name);
    }

    /** All lines so far, of both streams and all generations, in the order in which they were read. */
    public List<OutputLine> lines() {
        return output.lines();
    }

    /** The number of lines so far, for {@link #awaitLineAfter}. */
    public int mark() {
        return output.lines().size();
    }

    /**
     * Waits for a line, on either stream, that contains this text, also one that was printed before.
     *
     * @throws AssertionError if none comes in time, or the output ends; its message has the last lines
     */
    public OutputLine awaitLine(String text, Duration timeout) throws InterruptedException {
        return awaitLineAfter(0, "a line with '" + text + "'", line -> line.contains(text), timeout);
    }

    /** Waits for a line that fulfils a condition, as {@link #awaitLine(String, Duration)}. */
    public OutputLine awaitLine(Predicate<String> wanted, Duration timeout) throws InterruptedException {
        return awaitLineAfter(0, "the line", wanted, timeout);
    }

    /**
     * Waits for a line among those after the first {@code mark}.
     *
     * @param what describes the line, for the message
     */
    public OutputLine awaitLineAfter(int mark, String what, Predicate<String> wanted, Duration timeout)
            throws InterruptedException {
        return output.await(what, mark, wanted, timeout);
    }

    /** Waits until every process that holds the output has exited, so that {@link #lines()} is complete. */
    public List<OutputLine> awaitAllOutput(Duration timeout) throws InterruptedException {
        if (!output.awaitEnd(timeout)) {
            throw new AssertionError("the output goes on after " + timeout + "; it was held by " + processes());
        }
        return lines();
    }

    /**
     * Kills every process that descends from this child.
     *
     * @throws AssertionError if one survives
     */
    @Override
    public void close() {
        boolean interrupted = Thread.interrupted();
        try {
            // A generation may be starting the next one right now: look until there is none left.
            var _ = Await.value(
                    "the processes of child " + pid() + " to be killed",
                    KILL_TIMEOUT,
                    () -> killAll() ? Optional.of(true) : Optional.empty(),
                    () -> processes().toString());
        } catch (InterruptedException e) {
            interrupted = true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private boolean killAll() {
        List<Long> living = processes();
        process.destroyForcibly();
        living.forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
        return living.isEmpty() && !process.isAlive();
    }

    /** Describes a child; {@link #start()} starts it, and may do so several times. For one thread at a time. */
    public static final class Builder {
        private static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

        private final List<String> main;
        private final List<String> jvmOptions = new ArrayList<>();
        private final List<String> arguments = new ArrayList<>();
        private final Map<String, String> environment = new LinkedHashMap<>();
        private final List<String> prefix = new ArrayList<>();
        private String classPath = System.getProperty("java.class.path");
        private Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        private Path directory = Path.of("").toAbsolutePath();

        private Builder(List<String> main) {
            this.main = main;
            jvmOptions.add(NATIVE_ACCESS);
        }

        /** Does not enable native access. */
        public Builder withoutNativeAccess() {
            jvmOptions.remove(NATIVE_ACCESS);
            return this;
        }

        /** Adds arguments of the program. */
        public Builder arguments(String... more) {
            arguments.addAll(List.of(more));
            return this;
        }

        /** Adds options of the JVM. Native access is enabled without being asked for. */
        public Builder jvmOptions(String... more) {
            jvmOptions.addAll(List.of(more));
            return this;
        }

        /** Sets an environment variable; all others are the caller's. */
        public Builder environment(String name, String value) {
            environment.put(name, value);
            return this;
        }

        /** Sets the class path; by default the caller's. */
        public Builder classPath(String value) {
            classPath = value;
            return this;
        }

        /** Sets the {@code java} program; by default the caller's. */
        public Builder java(Path value) {
            java = value;
            return this;
        }

        /** Sets the working directory; by default the caller's. */
        public Builder directory(Path value) {
            directory = value;
            return this;
        }

        /** Sets a program that starts the JVM in its own place, such as {@code nohup} or {@code setpriv}. */
        public Builder startedBy(String... programAndArguments) {
            prefix.clear();
            prefix.addAll(List.of(programAndArguments));
            return this;
        }

        /** Starts the JVM. */
        public ChildJvm start() throws IOException, InterruptedException {
            String outer = System.getenv(MARKER);
            String id = (outer == null ? "" : outer + "/") + UUID.randomUUID();
            Output output = new Output();
            Path pipes = Files.createTempDirectory("baton-testkit");
            try (NamedPipe out = new NamedPipe(pipes.resolve("out"));
                    NamedPipe err = new NamedPipe(pipes.resolve("err"))) {
                ProcessBuilder builder = new ProcessBuilder(command())
                        .directory(directory.toFile())
                        .redirectOutput(out.file())
                        .redirectError(err.file());
                builder.environment().putAll(environment);
                builder.environment().put(MARKER, id);
                Process process = builder.start();
                process.getOutputStream().close();
                output.collect(out.reader(), false, "testkit-out-" + process.pid());
                output.collect(err.reader(), true, "testkit-err-" + process.pid());
                return new ChildJvm(id, process, output);
            } finally {
                Files.deleteIfExists(pipes);
            }
        }

        private List<String> command() {
            List<String> command = new ArrayList<>(prefix);
            command.add(java.toString());
            if (!main.contains("-jar")) {
                command.add("-cp");
                command.add(classPath);
            }
            command.addAll(jvmOptions);
            command.addAll(main);
            command.addAll(arguments);
            return command;
        }
    }
}
