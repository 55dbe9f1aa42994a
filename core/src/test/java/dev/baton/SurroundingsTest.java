package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.posix.ProcessContext;
import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Signals;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a successor finds around it is what the first generation was started with, as the kernel tells it. */
class SurroundingsTest {
    private static final Duration SOON = Duration.ofSeconds(60);

    /** Lines of proc_pid_status(5). */
    private static final List<String> STATUS = List.of(
            "Umask",
            "Uid",
            "Gid",
            "Groups",
            "CapInh",
            "CapPrm",
            "CapEff",
            "CapBnd",
            "CapAmb",
            "NoNewPrivs",
            "SigBlk",
            "SigIgn",
            "Cpus_allowed");

    /** The C library keeps 32 and 33 to itself, and its posix_spawn(3) passes them on ignored. */
    private static final long C_LIBRARYS_SIGNALS = 3L << 31;

    @TempDir
    private Path directory;

    private Path pidFile;

    @BeforeEach
    void name() {
        pidFile = directory.resolve("pid");
    }

    private ChildJvm.Builder service(Class<?> main) {
        return ChildJvm.of(main)
                .jvmOptions("-Xshare:auto", "-XX:TieredStopAtLevel=1")
                .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                .environment("BATON_UNDO_WINDOW", "0")
                .environment("BATON_PID_FILE", pidFile.toString());
    }

    private static String[] shell(String commands) {
        return new String[] {"sh", "-c", commands + "; exec \"$@\"", "sh"};
    }

    private long published() throws IOException {
        return Long.parseLong(Files.readString(pidFile).strip());
    }

    /** Starts it, restarts it, and compares what the kernel says of the two. */
    private Map<String, String> expectTheSame(ChildJvm.Builder builder) throws Exception {
        try (ChildJvm child = builder.start()) {
            child.awaitLine("1 ready", SOON);
            Map<String, String> first = surroundings(child.pid());
            child.signal("HUP");
            child.awaitLine("2 ready", SOON);
            child.awaitExit(SOON);
            assertThat(surroundings(published())).isEqualTo(first);
            return first;
        }
    }

    private static Map<String, String> surroundings(long pid) throws IOException {
        Path proc = Path.of("/proc/" + pid);
        Map<String, String> found = new TreeMap<>();
        for (String line : Files.readAllLines(proc.resolve("status"))) {
            String[] field = line.split(":\\s*", 2);
            if (STATUS.contains(field[0])) {
                found.put(field[0], field[1]);
            }
        }
        long ignored = Long.parseUnsignedLong(found.getOrDefault("SigIgn", ""), 16);
        found.put("SigIgn", Long.toHexString(ignored & ~C_LIBRARYS_SIGNALS));
        for (String line : Files.readAllLines(proc.resolve("limits"))) {
            found.put(line.substring(0, 26).strip(), line.substring(26));
        }
        String stat = Files.readString(proc.resolve("stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        found.put(
                "process group, session, terminal",
                String.join(" ", Arrays.asList(fields).subList(2, 5)));
        found.put("nice", fields[16]);
        found.put("policy", fields[38]);
        found.put(
                "oom_score_adj", Files.readString(proc.resolve("oom_score_adj")).strip());
        found.put("directory", Files.readSymbolicLink(proc.resolve("cwd")).toString());
        found.put("cgroup", Files.readString(proc.resolve("cgroup")));
        found.put("words", String.valueOf(ProcFs.commandLine(pid)));
        Map<String, String> environment = new TreeMap<>(ProcFs.environment(pid));
        environment.remove(HandoffVariables.SOCKET);
        environment.remove(HandoffVariables.TOKEN);
        found.put("environment", environment.toString());
        return found;
    }

    @Test
    void limitsMasksPriorityAndPlaceAreTheFirstGenerationsOwn() throws Exception {
        String commands = "umask 027; ulimit -Sn 700; ulimit -Hn 900; ulimit -c 0; ulimit -Su 5000; trap '' USR1 PIPE;"
                + " echo 300 >/proc/self/oom_score_adj; renice -n 5 $$ >/dev/null; taskset -pc 0 $$ >/dev/null";
        Map<String, String> raised = expectTheSame(service(EchoService.class).startedBy(shell(commands)));
        assertThat(raised)
                .containsEntry("Umask", "0027")
                .containsEntry("nice", "5")
                .containsEntry("oom_score_adj", "300")
                .containsEntry("Cpus_allowed", "1");
        assertThat(raised.get("Max open files"))
                .as("the JVM raises the soft limit")
                .matches("900 +900 .*");
        assertThat(Long.parseLong(raised.getOrDefault("SigIgn", ""), 16) >>> 9 & 1)
                .as("USR1")
                .isOne();
        Map<String, String> kept = expectTheSame(
                service(EchoService.class).jvmOptions("-XX:-MaxFDLimit").startedBy(shell(commands)));
        assertThat(kept.get("Max open files")).matches("700 +900 .*");
    }

    @Test
    void aPrivilegeThatWasGivenUpIsNotRegained() throws Exception {
        assumeTrue(ProcessContext.effectiveUserId() == 0, "only root has privileges to give up");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        Map<String, String> lowered = expectTheSame(service(EchoService.class)
                .startedBy(
                        "setpriv",
                        "--reuid=65534",
                        "--regid=65534",
                        "--groups=65533,65532",
                        "--inh-caps=-all",
                        "--bounding-set=-all",
                        "--no-new-privs"));
        assertThat(lowered)
                .containsEntry("Uid", "65534\t65534\t65534\t65534")
                .containsEntry("CapEff", "0000000000000000")
                .containsEntry("CapBnd", "0000000000000000")
                .containsEntry("NoNewPrivs", "1");
        assertThat(lowered.getOrDefault("Groups", "").strip()).isEqualTo("65532 65533");
    }

    @Test
    void everyArgumentArrivesUnchangedInEachGeneration() throws Exception {
        String[] arguments = {
            "",
            "two words",
            "\"quoted\" 'twice' \\",
            "line\nline\ttab",
            "$HOME `id` *",
            "-",
            "@at",
            "x".repeat(5_000),
            // A single one may have 128 KiB with its end: MAX_ARG_STRLEN of execve(2).
            "y".repeat(131_071),
            "ü€\uD83D\uDE00",
            ""
        };
        assumeTrue("UTF-8".equals(System.getProperty("sun.jnu.encoding")), "this JVM cannot pass such arguments on");
        try (ChildJvm child = service(EchoService.class).arguments(arguments).start()) {
            String expected = "arguments "
                    + Arrays.stream(arguments).map(EchoService::describe).toList();
            child.awaitLine("1 ready", SOON);
            assertThat(said(child, 1, "arguments")).isEqualTo(expected);
            for (int generation = 2; generation <= 3; generation++) {
                Signals.send(published(), "HUP");
                child.awaitLine(generation + " ready", SOON);
                assertThat(said(child, generation, "arguments")).isEqualTo(expected);
            }
        }
    }

    @Test
    void optionsFromFilesAndVariablesAreAppliedOnceInEachGeneration() throws Exception {
        Path options = Files.writeString(
                directory.resolve("options"), "# of the service\n-Dfrom.file=\"two words\"\n-Dfrom.file2=2\n");
        try (ChildJvm child = service(EchoService.class)
                .jvmOptions("@" + options)
                .environment("JDK_JAVA_OPTIONS", "-Dfrom.jdk=1")
                .environment("JAVA_TOOL_OPTIONS", "-Dfrom.tool=1")
                .start()) {
            child.awaitLine("1 ready", SOON);
            assertThat(said(child, 1, "options"))
                    .contains("-Dfrom.file=two words", "-Dfrom.file2=2", "-Dfrom.jdk=1", "-Dfrom.tool=1")
                    .satisfies(text -> assertThat(text.split("-Dfrom", -1)).hasSize(5));
            for (int generation = 2; generation <= 3; generation++) {
                Signals.send(published(), "HUP");
                child.awaitLine(generation + " ready", SOON);
                assertThat(said(child, generation, "options")).isEqualTo(said(child, 1, "options"));
            }
        }
    }

    private static String said(ChildJvm child, int generation, String what) {
        String prefix = generation + " ";
        return child.lines().stream()
                .map(OutputLine::text)
                .filter(line -> line.startsWith(prefix + what))
                .findFirst()
                .orElseThrow()
                .substring(prefix.length());
    }

    @Test
    void theSwitchedLinkIsFollowedAndTheRelativePidFileStaysTheFirstReleases() throws Exception {
        Path first = Files.createDirectories(directory.resolve("releases/1"));
        Path second = Files.createDirectories(directory.resolve("releases/2"));
        for (Path release : List.of(first, second)) {
            Files.createDirectory(release.resolve("run"));
        }
        Path current = Files.createSymbolicLink(directory.resolve("current"), first);
        pidFile = first.resolve("run/app.pid");
        try (ChildJvm child = ChildJvm.of(EchoService.class)
                .environment("BATON_PID_FILE", "run/app.pid")
                .environment("BATON_RUN_DIR", "run/sockets")
                .startedBy("sh", "-c", "cd \"$0\"; exec \"$@\"", current.toString())
                .start()) {
            child.awaitLine("1 directory " + first.toRealPath(), SOON);
            child.awaitLine("1 ready", SOON);
            Files.move(
                    Files.createSymbolicLink(directory.resolve("next"), second),
                    current,
                    StandardCopyOption.ATOMIC_MOVE);
            for (int generation = 2; generation <= 3; generation++) {
                long before = published();
                Signals.send(before, "HUP");
                child.awaitLine(generation + " directory " + second.toRealPath(), SOON);
                child.awaitLine("switched to generation " + generation, SOON);
                assertThat(published()).isNotEqualTo(before);
            }
            assertThat(second.resolve("run")).isEmptyDirectory();
            Signals.send(published(), "TERM");
            child.awaitAllGone(SOON);
            assertThat(pidFile).doesNotExist();
        }
    }

    @Test
    void aRestartWithoutItsDirectoryFailsInWordsAndWorksAgainWithIt() throws Exception {
        Path home = Files.createDirectory(directory.resolve("home"));
        try (ChildJvm child = service(EchoService.class).directory(home).start()) {
            child.awaitLine("1 ready", SOON);
            Files.delete(home);
            child.signal("HUP");
            String failure = child.awaitLine("restart failed", SOON).text();
            assertThat(failure).contains("could not be started").contains(home.toString());
            assertThat(published()).isEqualTo(child.pid());
            Files.createDirectory(home);
            child.signal("HUP");
            child.awaitLine("2 ready", SOON);
        }
    }

    @Test
    void outputGoesToTheSameOpenFileWithoutGapOrOverlap() throws Exception {
        Path log = directory.resolve("log");
        try (ChildJvm child = service(EchoService.class)
                .startedBy(shell("exec >" + log + " 2>&1 </dev/null"))
                .start()) {
            Await.state("1 ready", SOON, () -> Files.exists(log) && lines(log).contains("1 ready"));
            child.signal("HUP");
            child.awaitExit(SOON);
            Await.state("2 ready", SOON, () -> lines(log).contains("2 ready"));
            Signals.send(published(), "TERM");
            child.awaitAllGone(SOON);
            assertThat(lines(log)).contains("1 ready", "1 done", "2 ready", "2 done");
            assertThat(Files.readString(log)).doesNotContain("\0");
        }
    }

    private static List<String> lines(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void aClosedStandardStreamIsNoFileOfTheJdkInTheSuccessor() throws Exception {
        for (String closed : List.of("<&-", ">&-")) {
            int number = closed.startsWith("<") ? 0 : 1;
            Files.deleteIfExists(pidFile);
            try (ChildJvm child = service(EchoService.class)
                    .startedBy(shell("exec " + closed))
                    .start()) {
                child.awaitLine("generation 1 (pid " + child.pid() + ") serves", SOON);
                assertThat(descriptor(child.pid(), number))
                        .as("what the JVM makes of it")
                        .endsWith("/lib/modules");
                String errors = descriptor(child.pid(), 2);
                child.signal("HUP");
                child.awaitExit(SOON);
                assertThat(descriptor(published(), number)).isEqualTo("/dev/null");
                assertThat(descriptor(published(), 2)).isEqualTo(errors);
            }
        }
    }

    private static String descriptor(long pid, int number) {
        return ProcFs.descriptors(pid).getOrDefault(number, "closed");
    }

    @Test
    void theEnvironmentIsTheInitialOneAfterTwentyGenerations() throws Exception {
        try (ChildJvm child = service(EchoService.class).start()) {
            child.awaitLine("1 ready", SOON);
            Map<String, String> first = surroundings(child.pid());
            for (int generation = 2; generation <= 20; generation++) {
                long old = published();
                Signals.send(old, "HUP");
                child.awaitLine(generation + " ready", SOON);
                Await.state("the old process is gone", SOON, () -> !ProcFs.running(old));
            }
            assertThat(surroundings(published())).isEqualTo(first);
        }
    }
}
