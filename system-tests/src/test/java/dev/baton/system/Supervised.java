package dev.baton.system;

import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Load;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.Request;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** {@code baton run} from baton.jar, in a folder of its own. */
final class Supervised {
    static final Duration SOON = Duration.ofSeconds(90);

    private Supervised() {}

    /** Options, {@code --} and a command. */
    static ChildJvm.Builder run(Path directory, String... words) {
        return ChildJvm.ofJar(UnmodifiedServer.batonJar())
                .withoutNativeAccess()
                .directory(directory)
                .jvmOptions("-XX:TieredStopAtLevel=1", "-Xmx64m")
                .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                .arguments("run")
                .arguments(words);
    }

    static ChildJvm.Builder shell(Path directory, String script, String... options) {
        return run(directory, options).arguments("--", "sh", "-c", script);
    }

    /** The words that start {@link StoringProgram}. */
    static String[] storing(int port) {
        return java(
                System.getProperty("java.class.path"),
                "--enable-native-access=ALL-UNNAMED",
                StoringProgram.class.getName(),
                Integer.toString(port));
    }

    static String[] java(String classPath, String... words) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx64m",
                "-cp",
                classPath));
        command.addAll(List.of(words));
        return command.toArray(String[]::new);
    }

    static InetSocketAddress at(int port) {
        return new InetSocketAddress("127.0.0.1", port);
    }

    static Request request(String path) {
        return Request.get(path, ExpectedBody.bytes("hello".getBytes(StandardCharsets.US_ASCII)));
    }

    static Load load(int port) {
        return Load.of(at(port), request("/"));
    }

    /** The pid behind the last line {@code ready PID}. */
    static long lastReady(ChildJvm child) {
        return child.lines().stream()
                .map(OutputLine::text)
                .filter(line -> line.startsWith("ready "))
                .map(line -> Long.parseLong(line.substring("ready ".length())))
                .reduce((_, last) -> last)
                .orElseThrow();
    }

    static void awaitReady(ChildJvm child, int mark) throws InterruptedException {
        child.awaitLineAfter(mark, "the program is ready", line -> line.startsWith("ready "), SOON);
    }

    static List<String> text(ChildJvm child) throws InterruptedException {
        return child.awaitAllOutput(SOON).stream().map(OutputLine::text).toList();
    }
}
