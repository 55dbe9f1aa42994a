package dev.baton.system;

import dev.baton.BatonControl;
import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Load;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Request;
import dev.baton.testkit.Signals;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A program that knows nothing of Baton, with {@code -javaagent:baton.jar}, in a folder of its own. */
final class UnmodifiedServer implements AutoCloseable {
    static final Duration SOON = Duration.ofMinutes(3);

    /** Below those that the kernel gives to clients. */
    private static final AtomicInteger NEXT_PORT =
            new AtomicInteger(10_000 + (int) (ProcessHandle.current().pid() % 90) * 100);

    private final Path directory;
    private final ChildJvm child;
    private final int port;

    private UnmodifiedServer(Path directory, ChildJvm child, int port) {
        this.directory = directory;
        this.child = child;
        this.port = port;
    }

    /** Starts a program; {@code options} are those of the agent. */
    static UnmodifiedServer start(Path directory, UnmodifiedProgram program, String... options) throws Exception {
        return start(directory, program(directory, program, options), program.arguments());
    }

    /** Starts one that is described already, but for its arguments. */
    static UnmodifiedServer start(Path directory, ChildJvm.Builder program, List<String> arguments) throws Exception {
        return startAt(freePort(), directory, program, arguments);
    }

    /** The same at a port that {@link #freePort} gave. */
    static UnmodifiedServer startAt(int port, Path directory, ChildJvm.Builder program, List<String> arguments)
            throws Exception {
        ChildJvm child = program.arguments(Integer.toString(port))
                .arguments(arguments.toArray(String[]::new))
                .start();
        child.awaitLine("generation 1 (pid", SOON);
        return new UnmodifiedServer(directory, child, port);
    }

    /** A program with the agent, not started yet, without arguments. */
    static ChildJvm.Builder program(Path directory, UnmodifiedProgram program, String... options) throws IOException {
        String agent = Stream.concat(
                        Stream.of("pid-file=" + directory.resolve("pid"), "run-dir=" + directory.resolve("run")),
                        Arrays.stream(options))
                .collect(Collectors.joining(",", "-javaagent:" + batonJar() + "=", ""));
        return ChildJvm.ofMain("dev.baton.unmodified." + program.main())
                .withoutNativeAccess()
                .classPath(program.classPath())
                .directory(directory)
                .jvmOptions(agent, "--illegal-native-access=deny", "-Xmx128m", "-Dio.netty.noUnsafe=true")
                .jvmOptions(program.jvmOptions().toArray(String[]::new));
    }

    static Path batonJar() {
        Path jar = Path.of(System.getProperty("baton.agent.jar", "../cli/target/baton.jar"))
                .toAbsolutePath()
                .normalize();
        if (!Files.exists(jar)) {
            throw new IllegalStateException(jar + " is missing: build the module `cli`");
        }
        return jar;
    }

    static int freePort() {
        while (true) {
            int port = NEXT_PORT.getAndIncrement();
            try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return free.getLocalPort();
            } catch (IOException e) {
                // Somebody's.
            }
        }
    }

    ChildJvm child() {
        return child;
    }

    InetSocketAddress address() {
        return new InetSocketAddress("127.0.0.1", port);
    }

    static Request request(String path) {
        return Request.get(path, ExpectedBody.bytes("hello".getBytes(StandardCharsets.US_ASCII)));
    }

    Load load() {
        return Load.of(address(), request("/"));
    }

    long publishedPid() throws IOException {
        return Long.parseLong(Files.readString(directory.resolve("pid")).strip());
    }

    BatonControl control() throws IOException {
        return BatonControl.of(publishedPid(), directory.resolve("run"));
    }

    /** From now on every new process exits as it starts. */
    void breakRelease() throws IOException {
        Files.createFile(directory.resolve("broken"));
    }

    /** Restarts, and waits until the next generation is the one that operators know. */
    void restart() throws Exception {
        long old = publishedPid();
        int mark = child.mark();
        Signals.send(old, "HUP");
        child.awaitLineAfter(mark, "the switch", line -> line.contains("switched to generation"), SOON);
        Await.state("another pid is published", SOON, () -> publishedPid() != old);
    }

    /** Waits until no generation but the published one lives. */
    void awaitOthersGone() throws Exception {
        long pid = publishedPid();
        Await.state(
                "the older generations have ended",
                SOON,
                () -> child.processes().equals(List.of(pid)));
    }

    boolean runs(long pid) {
        return ProcFs.running(pid);
    }

    @Override
    public void close() {
        child.close();
    }
}
