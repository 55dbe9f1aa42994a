package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Signals;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where what the processes say on standard error goes, whoever of them dies, freezes or fails. */
class StandardErrorTest {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final int STDIN = 0;
    private static final int STDOUT = 1;
    private static final int STDERR = 2;

    /** More than a pipe holds. */
    private static final int LINES = 2_000;

    private static final Pattern CHATTER = Pattern.compile("chatter (\\d+) x{90}$");

    @TempDir
    private Path directory;

    private ScriptedFiles files;

    @BeforeEach
    void prepare() throws Exception {
        files = new ScriptedFiles(directory);
        files.script("serve");
    }

    private ChildJvm start(Consumer<ChildJvm.Builder> more) throws Exception {
        return files.start(
                builder -> {
                    builder.environment("BATON_UNDO_WINDOW", "0");
                    more.accept(builder);
                },
                "127.0.0.1:0");
    }

    private ChildJvm start() throws Exception {
        return start(_ -> {});
    }

    private static String target(long pid, int descriptor) {
        return ProcFs.descriptors(pid).getOrDefault(descriptor, "closed");
    }

    /**
     * The numbers of the lines that are whole. Something may stand before one: the JVM writes {@code Exception in thread
     * "main"}, and the rest of that line later, and the thread that chatters may write in between.
     */
    private static List<Integer> chatter(ChildJvm child) {
        return child.lines().stream()
                .map(OutputLine::text)
                .map(CHATTER::matcher)
                .filter(Matcher::find)
                .map(line -> Integer.valueOf(line.group(1)))
                .toList();
    }

    /** Each line whole and once; those that are written while the pipe is replaced may be late. */
    private static List<Integer> awaitWholeChatter(ChildJvm child) throws Exception {
        Await.state("all of it has come", SOON, () -> chatter(child).size() >= LINES);
        List<Integer> numbers = chatter(child);
        assertThat(numbers)
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, LINES).boxed().toList());
        return numbers;
    }

    @Test
    void theSuccessorHasTheStandardErrorOfItsParentAndNoPipeIsLeft() throws Exception {
        try (ChildJvm child = start()) {
            String real = target(child.pid(), STDERR);
            long second = files.restartToTheEnd(child, 2);
            assertThat(target(second, STDERR)).isEqualTo(real);
            Await.state("no pipe is left", SOON, () -> pipes(second).isEmpty());
        }
    }

    private static List<String> pipes(long pid) {
        return ProcFs.descriptors(pid).entrySet().stream()
                .filter(entry -> entry.getKey() != STDIN && entry.getValue().startsWith("pipe:"))
                .map(Map.Entry::getValue)
                .toList();
    }

    @Test
    void whatASuccessorSaysBeforeItIsReadyArrivesWholeAndInOrder() throws Exception {
        try (ChildJvm child = start()) {
            files.script("chatter " + LINES);
            files.restartToTheEnd(child, 2);
            assertThat(awaitWholeChatter(child)).isSorted();
        }
    }

    @Test
    void aHelperThatWasStartedBeforeReadyIsHeardThroughAllGenerationsToCome() throws Exception {
        Path lines = Files.createFile(directory.resolve("lines"));
        try (ChildJvm child = start()) {
            files.script("writer " + lines);
            files.restartToTheEnd(child, 2);
            say(child, lines, "after the switch");
            files.script("serve");
            files.restartToTheEnd(child, 3);
            say(child, lines, "when its own generation has gone");
            long fourth = files.restartToTheEnd(child, 4);
            say(child, lines, "when the next has gone too");
            assertThat(pipes(fourth)).as("the helper's").hasSize(1);

            long helper = child.processes().stream()
                    .filter(pid -> pid != fourth)
                    .findFirst()
                    .orElseThrow();
            Signals.send(helper, "KILL");
            Await.state("its pipe goes with it", SOON, () -> pipes(fourth).isEmpty());
        }
    }

    private static void say(ChildJvm child, Path lines, String text) throws Exception {
        Files.writeString(lines, text + "\n", StandardOpenOption.APPEND);
        child.awaitLine(text, SOON);
    }

    @Test
    void aHelperInheritsTheRealStandardErrorOnceItsServiceServes() throws Exception {
        try (ChildJvm child = start()) {
            files.script("helper-later");
            String real = target(child.pid(), STDERR);
            files.restartToTheEnd(child, 2);
            child.awaitLine("helper stderr " + real, SOON);
        }
    }

    @Test
    void theSuccessorOfAParentThatDiesAfterTheHandoffHasTheRealStandardError() throws Exception {
        Path gate = directory.resolve("gate");
        try (ChildJvm child = start()) {
            String real = target(child.pid(), STDERR);
            files.script("wait " + gate);
            child.signal("HUP");
            child.awaitLine("2 waits", SOON);
            child.signal("KILL");
            child.awaitLine(line -> line.contains("is gone before the switch"), SOON);
            long second = child.processes().getLast();
            Await.state("it is the real one", SOON, () -> target(second, STDERR).equals(real));
            Files.createFile(gate);
            child.awaitLine("2 ready", SOON);
        }
    }

    @Test
    void theSuccessorOfAParentThatDiesBeforeTheHandoffSpeaksOnStandardOutput() throws Exception {
        Path gate = directory.resolve("gate");
        try (ChildJvm child = start()) {
            files.script("gate " + gate);
            child.signal("HUP");
            child.awaitLine("at the gate", SOON);
            child.signal("KILL");
            child.awaitExit(SOON);
            int mark = child.mark();
            Files.createFile(gate);
            assertThat(child.awaitLine(line -> line.contains("goes to standard output"), SOON)
                            .stderr())
                    .isFalse();
            child.awaitLineAfter(mark, "it serves", line -> line.equals("1 ready"), SOON);
            long second = files.publishedPid();
            assertThat(target(second, STDERR)).isEqualTo(target(second, STDOUT));
            files.restartToTheEnd(child, 2);
        }
    }

    @Test
    void aSuccessorWhoseWordsFillThePipeOfAFrozenParentGoesOnWhenThatDies() throws Exception {
        Path gate = directory.resolve("gate");
        try (ChildJvm child = start()) {
            files.script("chatter " + LINES + " " + gate);
            child.signal("HUP");
            child.awaitLine("2 waits", SOON);
            child.signal("STOP");
            Files.createFile(gate);
            long second = child.processes().getLast();
            Await.state("it waits for room in the pipe", SOON, () -> waitsForRoom(second));
            child.signal("KILL");
            child.awaitLine("2 ready", SOON);
            awaitWholeChatter(child);
        }
    }

    private static boolean waitsForRoom(long pid) throws Exception {
        try (var tasks = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
            for (Path task : tasks) {
                // The system call's number, and its first argument: write(2, ...) on both platforms.
                String call = Files.readString(task.resolve("syscall"));
                if (call.startsWith("1 0x2 ") || call.startsWith("64 0x2 ")) {
                    return true;
                }
            }
        }
        return false;
    }

    @Test
    void aSuccessorThatGivesAFrozenParentUpIsHeardAtOnce() throws Exception {
        Path gate = directory.resolve("gate");
        try (ChildJvm child = start(b -> b.environment("BATON_READY_TIMEOUT", "5s"))) {
            files.script("chatter " + LINES + " " + gate + " in-the-background");
            child.signal("HUP");
            child.awaitLine("2 waits", SOON);
            child.signal("STOP");
            Files.createFile(gate);
            String line = child.awaitLine(text -> text.contains("did not answer within 5s"), SOON)
                    .text();
            assertThat(line).contains("HandoffException", "this process ends and changes nothing");
            long first = child.pid();
            Await.state("the successor has ended", SOON, () -> child.processes().equals(List.of(first)));
            child.signal("CONT");
            awaitWholeChatter(child); // What was being written into the full pipe comes when the parent reads.
            child.awaitLine(text -> text.contains("restart failed"), SOON);
            files.script("serve");
            files.restartToTheEnd(child, 2);
        }
    }

    @Test
    void aStandardErrorThatIsAFileIsAppendedToByAll() throws Exception {
        Path log = Files.writeString(directory.resolve("log"), "begun before\n");
        try (ChildJvm child = start(b -> b.startedBy("sh", "-c", "exec \"$@\" 2>>" + log, "sh"))) {
            files.script("chatter 3");
            long second = files.restartToTheEnd(child, 2);
            assertThat(target(second, STDERR)).isEqualTo(log.toString());
            files.restartToTheEnd(child, 3);
            assertThat(Files.readAllLines(log))
                    .startsWith("begun before")
                    .filteredOn(line -> line.startsWith("chatter"))
                    .hasSize(6);
        }
    }

    @Test
    void aProcessWithoutStandardErrorIsSucceededByOneWithout() throws Exception {
        try (ChildJvm child = start(b -> b.startedBy("sh", "-c", "exec \"$@\" 2>&-", "sh"))) {
            long second = files.restartToTheEnd(child, 2);
            assertThat(pipes(second)).isEmpty();
            files.restartToTheEnd(child, 3);
        }
    }

    @Test
    void aStandardErrorThatIsASocketAsUnderSystemdIsPassedOn() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/bash")));
        try (ServerSocket journal = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String connect = "exec \"$@\" 2>/dev/tcp/127.0.0.1/" + journal.getLocalPort();
            try (ChildJvm child = start(b -> b.startedBy("/bin/bash", "-c", connect, "bash"));
                    Socket stream = journal.accept()) {
                CompletableFuture<List<String>> heard = new CompletableFuture<>();
                Thread.ofVirtual().start(() -> heard.complete(read(stream)));
                String real = target(child.pid(), STDERR);
                assertThat(real).startsWith("socket:");
                files.script("chatter 3");
                long second = files.restartToTheEnd(child, 2);
                assertThat(target(second, STDERR)).isEqualTo(real);
                Signals.send(second, "TERM");
                child.awaitAllGone(SOON);
                assertThat(Await.event("the end of the stream", heard, SOON))
                        .anyMatch(line -> line.contains("switched to generation 2"))
                        .anyMatch(line -> line.contains("generation 2 (pid " + second + ") serves"))
                        .anyMatch(line -> line.startsWith("chatter 2"));
            }
        }
    }

    private static List<String> read(Socket stream) {
        List<String> lines = new ArrayList<>();
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(stream.getInputStream(), StandardCharsets.UTF_8))) {
            String line = reader.readLine();
            while (line != null) {
                lines.add(line);
                line = reader.readLine();
            }
        } catch (java.io.IOException e) {
            lines.add(e.toString());
        }
        return lines;
    }

    @Test
    void descriptorsAndThreadsAreFlatOverFiftyRestarts() throws Exception {
        try (ChildJvm child = start()) {
            long second = files.restartToTheEnd(child, 2);
            Await.state("no pipe is left", SOON, () -> pipes(second).isEmpty());
            int descriptors = ProcFs.descriptors(second).size();
            int threads = threads(second);
            long last = second;
            for (int generation = 3; generation <= 52; generation++) {
                last = files.restartToTheEnd(child, generation);
            }
            long pid = last;
            Await.state("no pipe is left", SOON, () -> pipes(pid).isEmpty());
            assertThat(ProcFs.descriptors(pid)).hasSize(descriptors);
            Await.state("as many threads", SOON, () -> threads(pid) <= threads);
        }
    }

    private static int threads(long pid) throws Exception {
        try (var tasks = Files.list(Path.of("/proc/" + pid + "/task"))) {
            return (int) tasks.count();
        }
    }
}
