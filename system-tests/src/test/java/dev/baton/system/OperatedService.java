package dev.baton.system;

import dev.baton.cli.Main;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.OutputLine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** {@code baton serve} from a jar of its own, in a folder of its own, and the commands that operate it. */
final class OperatedService implements AutoCloseable {
    static final Duration SOON = Duration.ofSeconds(90);

    private final Path directory;
    private final ChildJvm child;

    private OperatedService(Path directory, ChildJvm child) {
        this.directory = directory;
        this.child = child;
    }

    /** What a command said, on both streams, and its exit status. */
    record Said(int status, List<String> lines) {
        String text() {
            return String.join("\n", lines);
        }
    }

    /** What a test changes of the way in which the service is started. */
    interface Change {
        void of(ChildJvm.Builder service) throws Exception;
    }

    static OperatedService start(Path directory, String undoWindow) throws Exception {
        return start(directory, undoWindow, _ -> {});
    }

    /** As {@link #start(Path, String)}; all of its files are there when the change is made. */
    static OperatedService start(Path directory, String undoWindow, Change change) throws Exception {
        Files.createDirectories(directory.resolve("site"));
        Files.writeString(arguments(directory), "--listen 127.0.0.1:0\n--name shop\n");
        Path jar = Files.copy(UnmodifiedServer.batonJar(), directory.resolve("shop.jar"));
        ChildJvm.Builder builder = ChildJvm.ofJar(jar)
                .withoutNativeAccess()
                .jvmOptions("-XX:TieredStopAtLevel=1", "-Xmx64m")
                .environment("BATON_RUN_DIR", run(directory).toString())
                .environment("BATON_UNDO_WINDOW", undoWindow)
                .arguments("serve", directory.resolve("site").toString(), "@" + arguments(directory));
        change.of(builder);
        ChildJvm child = builder.start();
        child.awaitLine("(generation 1, pid ", SOON);
        return new OperatedService(directory, child);
    }

    /** The file with what more the service has on its command line; each generation reads it. */
    static Path arguments(Path directory) {
        return directory.resolve("serve.args");
    }

    static Path run(Path directory) {
        return directory.resolve("run");
    }

    ChildJvm child() {
        return child;
    }

    Path jar() {
        return directory.resolve("shop.jar");
    }

    /** The next generations do not understand their command line. */
    void breakConfiguration() throws Exception {
        Files.writeString(arguments(directory), "--frob\n");
    }

    static ChildJvm.Builder command(Path directory, String... arguments) {
        return command(ChildJvm.of(Main.class), directory, arguments);
    }

    /** The same from {@code baton.jar}, which other users can read. */
    static ChildJvm.Builder packagedCommand(Path jar, Path directory, String... arguments) {
        return command(ChildJvm.ofJar(jar).withoutNativeAccess(), directory, arguments);
    }

    private static ChildJvm.Builder command(ChildJvm.Builder program, Path directory, String... arguments) {
        return program.jvmOptions("-XX:TieredStopAtLevel=1", "-Xmx64m")
                .environment("BATON_RUN_DIR", run(directory).toString())
                .arguments(arguments);
    }

    Said run(String... arguments) throws Exception {
        return run(command(directory, arguments));
    }

    static Said run(ChildJvm.Builder command) throws Exception {
        try (ChildJvm running = command.start()) {
            return end(running);
        }
    }

    static Said end(ChildJvm running) throws Exception {
        int status = running.awaitExit(SOON);
        return new Said(
                status,
                running.awaitAllOutput(SOON).stream().map(OutputLine::text).toList());
    }

    /** The process whose pid a line names in the way of all commands. */
    static long pid(String line) {
        return Long.parseLong(line.replaceFirst(".*\\(pid (\\d+)\\).*", "$1"));
    }

    @Override
    public void close() {
        child.close();
    }
}
