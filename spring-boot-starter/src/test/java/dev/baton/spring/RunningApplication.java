package dev.baton.spring;

import dev.baton.BatonControl;
import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Load;
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
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A {@link BootService} in a folder of its own, and the hand that restarts it. */
final class RunningApplication implements AutoCloseable {
    static final Duration SOON = Duration.ofMinutes(2);

    private final Path directory;
    private final ChildJvm child;

    private RunningApplication(Path directory, ChildJvm child) {
        this.directory = directory;
        this.child = child;
    }

    /** The embedded servers; all are on the class path of the tests. */
    enum Server {
        TOMCAT("servlet", excluded("jetty", "servlet", "Jetty", "Servlet")),
        JETTY("servlet", excluded("tomcat", "servlet", "Tomcat", "Servlet")),
        REACTOR_NETTY(
                "reactive",
                excluded("tomcat", "reactive", "Tomcat", "Reactive") + ","
                        + excluded("jetty", "reactive", "Jetty", "Reactive"));

        private final String properties;

        /** One that is used because the others are not configured. */
        Server(String type, String excluded) {
            properties = "spring.main.web-application-type=" + type + "\nspring.autoconfigure.exclude=" + excluded;
        }

        private static String excluded(String module, String folder, String name, String type) {
            String configuration = "org.springframework.boot." + module + ".autoconfigure.";
            return configuration + folder + "." + name + type + "WebServerAutoConfiguration," + configuration
                    + "actuate.web.server." + name + type + "ManagementContextAutoConfiguration";
        }
    }

    /** Starts it on a free port and waits until it serves; the properties are {@code name=value}. */
    static RunningApplication start(Server server, Path directory, String... properties) throws Exception {
        return start(builder(directory), server, directory, properties);
    }

    /** The same with a JVM of the caller's description, which begins with {@link #builder}. */
    static RunningApplication start(ChildJvm.Builder jvm, Server server, Path directory, String... properties)
            throws Exception {
        RunningApplication application = launch(jvm, server, directory, "serve", properties);
        application.child.awaitLine("1 ready", SOON);
        return application;
    }

    /** Starts it, to do before it is ready what these words say. */
    static RunningApplication launch(Server server, Path directory, String words, String... properties)
            throws Exception {
        return launch(builder(directory), server, directory, words, properties);
    }

    private static RunningApplication launch(
            ChildJvm.Builder jvm, Server server, Path directory, String words, String... properties) throws Exception {
        script(directory, words);
        Files.writeString(
                directory.resolve("application.properties"),
                """
                server.address=127.0.0.1
                server.port=0
                server.tomcat.max-keep-alive-requests=-1
                spring.application.name=shop
                spring.main.banner-mode=off
                baton.pid-file=pid
                baton.run-dir=run
                baton.undo-window=0
                """ + server.properties + "\n" + String.join("\n", properties) + "\n");
        return new RunningApplication(directory, jvm.start());
    }

    static ChildJvm.Builder builder(Path directory) {
        return ChildJvm.of(BootService.class)
                .jvmOptions("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
                .directory(directory)
                .arguments(directory.resolve("script").toString());
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

    ChildJvm child() {
        return child;
    }

    InetSocketAddress address() throws InterruptedException {
        return address("127.0.0.1", 1, "serves");
    }

    /** Where the server of this name listens in a generation. */
    InetSocketAddress address(String host, int generation, String name) throws InterruptedException {
        return new InetSocketAddress(
                host,
                Integer.parseInt(
                        awaitMatch(generation + " " + name + " on port (\\d+)").group(1)));
    }

    /** A request whose answer is its own path. */
    static Request request(String path) {
        return Request.get(path, ExpectedBody.bytes(path.replaceAll("\\?.*", "").getBytes(StandardCharsets.UTF_8)));
    }

    Load load() throws InterruptedException {
        return Load.of(address(), request("/hello"));
    }

    private long publishedPid() throws IOException {
        return Long.parseLong(Files.readString(directory.resolve("pid")).strip());
    }

    /** The generation that serves, for requests of an operator. */
    BatonControl control() throws IOException {
        return BatonControl.of(publishedPid(), directory.resolve("run"));
    }

    /** Restarts, and waits until the new generation serves and the old one has ended. */
    void restart(int next) throws Exception {
        Signals.send(publishedPid(), "HUP");
        child.awaitLine(next + " ready", SOON);
        awaitEnd(next - 1);
    }

    /** Waits until the process of a generation that has served has exited. */
    void awaitEnd(int generation) throws Exception {
        long pid = Long.parseLong(awaitMatch(".*generation " + generation + " \\(pid (\\d+)\\) serves.*")
                .group(1));
        Await.state("generation " + generation + " has ended", SOON, () -> !ProcFs.running(pid));
    }

    private Matcher awaitMatch(String regex) throws InterruptedException {
        Matcher matcher = Pattern.compile(regex).matcher("");
        var _ = child.awaitLine(line -> matcher.reset(line).matches(), SOON);
        return matcher;
    }

    @Override
    public void close() {
        child.close();
    }
}
