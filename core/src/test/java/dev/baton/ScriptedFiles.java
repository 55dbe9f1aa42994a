package dev.baton;

import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Signals;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** A {@link ScriptedService} and the files by which a test moves and watches it, all in one directory. */
record ScriptedFiles(Path directory) {
    private static final Duration SOON = Duration.ofSeconds(30);

    Path file(String name) {
        return directory.resolve(name);
    }

    Path pidFile() {
        return file("pid");
    }

    /** What generations that start from now on are to do. */
    void script(String words) throws IOException {
        ScriptedService.script(file("script"), words);
    }

    /** Opens a gate that a script names; until then it does not exist. */
    void open(Path gate) throws IOException {
        Files.createFile(gate);
    }

    ChildJvm start(Map<String, String> environment, String... listeners) throws Exception {
        return start(builder -> environment.forEach(builder::environment), listeners);
    }

    /** Starts the first generation, and returns when it is ready; {@code more} may change whatever is set here. */
    ChildJvm start(Consumer<ChildJvm.Builder> more, String... listeners) throws Exception {
        ChildJvm.Builder builder = ChildJvm.of(ScriptedService.class)
                .jvmOptions("-Xshare:auto", "-XX:TieredStopAtLevel=1")
                .environment("BATON_PID_FILE", pidFile().toString())
                .environment("BATON_RUN_DIR", file("run").toString())
                .arguments(file("script").toString())
                .arguments(listeners);
        more.accept(builder);
        ChildJvm child = builder.start();
        child.awaitLine("1 ready", SOON);
        return child;
    }

    long publishedPid() throws IOException {
        return Long.parseLong(Files.readString(pidFile()).strip());
    }

    void awaitPublished(long pid) throws Exception {
        Await.state("the pid file names " + pid, SOON, () -> publishedPid() == pid);
    }

    /** Restarts and gives the pid of the new generation, whose parent has parked. */
    long restart(ChildJvm child, int generation) throws Exception {
        int mark = child.mark();
        Signals.send(publishedPid(), "HUP");
        child.awaitLineAfter(mark, "the switch", text -> text.contains("switched to generation " + generation), SOON);
        child.awaitLine(generation + " ready", SOON);
        return publishedPid();
    }

    /** The same where there is no undo window: returns when the old process has ended. */
    long restartToTheEnd(ChildJvm child, int generation) throws Exception {
        long old = publishedPid();
        Signals.send(old, "HUP");
        child.awaitLine(generation + " ready", SOON);
        Await.state("the old process is gone", SOON, () -> !ProcFs.running(old));
        return publishedPid();
    }

    static List<String> said(ChildJvm child, String prefix) {
        return child.lines().stream()
                .map(OutputLine::text)
                .filter(line -> line.startsWith(prefix))
                .toList();
    }
}
