package dev.baton.system;

import dev.baton.BatonControl;
import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Load;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Request;
import dev.baton.testkit.Signals;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A {@link Service} in a folder of its own, and the hand that restarts it. */
final class RunningService implements AutoCloseable {
    static final Duration SOON = Duration.ofSeconds(60);

    private static final Pattern LISTENS = Pattern.compile("1 listens on /(127\\.0\\.0\\.1):(\\d+)");

    private final Path directory;
    private final ChildJvm child;

    private RunningService(Path directory, ChildJvm child) {
        this.directory = directory;
        this.child = child;
    }

    /** Starts it with every {@link Transport}. */
    static RunningService startWithAllTransports(Path directory, List<String> options) throws Exception {
        String[] more = Stream.of(Transport.values())
                .filter(transport -> transport != Transport.TCP)
                .map(transport -> transport.listenAddress(directory))
                .toArray(String[]::new);
        return start(directory, options, more);
    }

    /** Starts it on a free port, and on more addresses; {@code options} are names and values of variables. */
    static RunningService start(Path directory, List<String> options, String... more) throws Exception {
        return start(ChildJvm.of(Service.class), directory, options, Transport.TCP.listenAddress(directory), more);
    }

    /** As {@link #start}, with another program than {@link Service} that is called, and answers, in the same way. */
    static RunningService start(Class<?> program, Path directory, List<String> options) throws Exception {
        return start(ChildJvm.of(program), directory, options, Transport.TCP.listenAddress(directory));
    }

    /** As {@link #start}, with a JVM that starts in a third less time, for tests that start very many. */
    static RunningService startCheaply(Path directory, List<String> options, String address, String... more)
            throws Exception {
        ChildJvm.Builder builder = ChildJvm.of(Service.class)
                .jvmOptions(
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Xmx64m",
                        "-Djava.util.logging.SimpleFormatter.format=%1$tT.%1$tL %4$s %5$s%6$s%n");
        return start(builder, directory, options, address, more);
    }

    private static RunningService start(
            ChildJvm.Builder builder, Path directory, List<String> options, String address, String... more)
            throws Exception {
        script(directory, "serve");
        builder.environment("BATON_PID_FILE", directory.resolve("pid").toString())
                .environment("BATON_UNDO_WINDOW", "0") // An old process exits when it has drained.
                .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                .arguments(directory.resolve("script").toString(), address)
                .arguments(more);
        for (int i = 0; i < options.size(); i += 2) {
            builder.environment(options.get(i), options.get(i + 1));
        }
        RunningService service = new RunningService(directory, builder.start());
        service.child.awaitLine("1 ready", SOON);
        return service;
    }

    private static void script(Path directory, String words) throws IOException {
        Path next = directory.resolve("script.next");
        Files.writeString(next, words);
        Files.move(next, directory.resolve("script"), StandardCopyOption.ATOMIC_MOVE);
    }

    /** What the next generations do before they are ready. */
    void script(String words) throws IOException {
        script(directory, words);
    }

    Path directory() {
        return directory;
    }

    ChildJvm child() {
        return child;
    }

    InetSocketAddress address() throws InterruptedException {
        Matcher matcher = awaitMatch(LISTENS);
        return new InetSocketAddress(matcher.group(1), Integer.parseInt(matcher.group(2)));
    }

    /** A request whose answer is its own path. */
    static Request request(String path) {
        return Request.get(path, ExpectedBody.bytes(path.replaceAll("\\?.*", "").getBytes(StandardCharsets.UTF_8)));
    }

    Load load() throws InterruptedException {
        return Load.of(address(), request("/hello"));
    }

    long publishedPid() throws IOException {
        return Long.parseLong(Files.readString(directory.resolve("pid")).strip());
    }

    void hup() throws Exception {
        Signals.send(publishedPid(), "HUP");
    }

    /** The generation that serves, for requests of an operator. */
    BatonControl control() throws IOException {
        return BatonControl.of(publishedPid(), directory.resolve("run"));
    }

    /** Restarts, and waits until the new generation serves and the old one has ended. */
    void restart(int next) throws Exception {
        hup();
        child.awaitLine(next + " ready", SOON);
        awaitEnd(next - 1);
    }

    /** The process of a generation that serves, or has served. */
    long pid(int generation) throws InterruptedException {
        Matcher matcher = awaitMatch(Pattern.compile(".*generation " + generation + " \\(pid (\\d+)\\) serves"));
        return Long.parseLong(matcher.group(1));
    }

    /** Waits until the process of a generation has exited. */
    void awaitEnd(int generation) throws Exception {
        long pid = pid(generation);
        Await.state("generation " + generation + " has ended", SOON, () -> !ProcFs.running(pid));
    }

    private Matcher awaitMatch(Pattern pattern) throws InterruptedException {
        Matcher matcher = pattern.matcher(
                child.awaitLine(line -> pattern.matcher(line).matches(), SOON).text());
        if (!matcher.matches()) {
            throw new AssertionError("matched before");
        }
        return matcher;
    }

    /** Waits until generation {@code next} serves and its parent accepts no more. */
    void awaitSwitch(int next) throws InterruptedException {
        child.awaitLine(next + " ready", SOON);
        child.awaitLine("switched to generation " + next + " ", SOON);
    }

    /** The lines that begin like this, of all generations so far. */
    List<String> said(String prefix) {
        return child.lines().stream()
                .map(OutputLine::text)
                .filter(line -> line.startsWith(prefix))
                .toList();
    }

    @Override
    public void close() {
        child.close();
    }
}
