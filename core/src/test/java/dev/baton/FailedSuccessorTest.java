package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Signals;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every way in which a successor can fail before it serves, with real processes. After each: the parent is as it was, the
 * log has one line, the program gets its result, the successor is reaped; and the next restart works.
 */
class FailedSuccessorTest {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final RestartResult.Cause EXITED = RestartResult.Cause.EXITED;
    private static final RestartResult.Cause BROKEN = RestartResult.Cause.HANDOFF_BROKEN;
    private static final RestartResult.Cause SPAWN = RestartResult.Cause.SPAWN_FAILED;
    private static final RestartResult.Cause LATE = RestartResult.Cause.READY_TIMEOUT;

    private static final String JAR = "service.jar";

    @TempDir
    private Path directory;

    private record Failure(RestartResult.Cause cause, String detail, String lastLines) {
        void is(RestartResult.Cause expected, String... details) {
            assertThat(cause).isEqualTo(expected);
            assertThat(detail).contains(details);
        }

        void saying(String... what) {
            assertThat(lastLines).contains(what);
        }
    }

    /** The service, whose first generation restarts when it is asked to, and says what comes of it. */
    private final class Scene implements AutoCloseable {
        private final ChildJvm child;
        private final ScriptedFiles files = new ScriptedFiles(directory);
        private final Path asks = directory.resolve("asks");
        private final Set<Long> listeners;
        private final List<String> saidBefore;
        private int restarts;
        private int mark;

        Scene(Consumer<ChildJvm.Builder> more) throws Exception {
            Files.createDirectory(asks);
            files.script("asks " + asks);
            child = files.start(
                    builder -> {
                        builder.environment("BATON_UNDO_WINDOW", "0"); // A parent that has drained exits.
                        more.accept(builder);
                    },
                    "127.0.0.1:0",
                    "unix:" + directory.resolve("s"));
            listeners = ProcFs.listenerInodes(child.pid());
            saidBefore = said();
        }

        /** Begins a restart in which the successor does this. */
        void begin(String words) throws Exception {
            files.script(words);
            mark = child.mark();
            restarts++;
            Files.createFile(asks.resolve("" + restarts));
        }

        void awaitLine(String line) throws Exception {
            child.awaitLineAfter(mark, line, line::equals, SOON);
        }

        /** Waits for the failure, and checks what must be so after each. */
        Failure end() throws Exception {
            String prefix = "1 restart " + restarts + ": ";
            String result = child.awaitLineAfter(mark, "the result", text -> text.startsWith(prefix), SOON)
                    .text();
            Matcher failed = Pattern.compile(".*: Failed\\[cause=(\\w+), detail=(.*), lastLines=\\[(.*)]]")
                    .matcher(result);
            assertThat(failed.matches()).as(result).isTrue();
            Failure failure =
                    new Failure(RestartResult.Cause.valueOf(failed.group(1)), failed.group(2), failed.group(3));
            checkLog(failure);
            Await.state(
                    "all that was started is gone and reaped",
                    SOON,
                    () -> child.processes().equals(List.of(child.pid()))
                            && ProcFs.zombieChildren(child.pid()).isEmpty());
            assertThat(ProcFs.listenerInodes(child.pid())).isEqualTo(listeners);
            assertThat(Files.readString(files.pidFile()).strip()).isEqualTo("" + child.pid());
            assertThat(said()).as("the participant was never disturbed").isEqualTo(saidBefore);
            return failure;
        }

        private void checkLog(Failure failure) throws Exception {
            String line = child.awaitLineAfter(mark, "the warning", text -> text.contains("restart failed after"), SOON)
                    .text();
            assertThat(line)
                    .startsWith("WARNING: ")
                    .contains(" " + failure.detail() + "; generation 1 serves on")
                    .matches(text -> text.contains("; it said last: ")
                            != failure.lastLines().isEmpty());
            assertThat(child.lines().stream().skip(mark).map(OutputLine::text))
                    .filteredOn(text -> text.contains("restart failed after"))
                    .hasSize(1);
        }

        Failure fails(String words) throws Exception {
            begin(words);
            return end();
        }

        private List<String> said() {
            return child.lines().stream()
                    .map(OutputLine::text)
                    .filter(line -> line.startsWith("1 ") && !line.startsWith("1 restart"))
                    .toList();
        }

        long successor() throws Exception {
            return Await.value(
                    "the successor",
                    SOON,
                    () -> child.processes().stream()
                            .filter(pid -> pid != child.pid())
                            .findFirst(),
                    () -> "none");
        }

        /** The next restart works. */
        void succeeds(String words) throws Exception {
            begin(words);
            child.awaitLineAfter(mark, "the switch", text -> text.contains(": Switched[generation=2"), SOON);
            awaitLine("2 ready");
            assertThat(child.awaitExit(SOON)).isZero();
        }

        @Override
        public void close() {
            child.close();
        }
    }

    private interface Act {
        void on(Scene scene) throws Exception;
    }

    private void play(Act act) throws Exception {
        play(_ -> {}, act);
    }

    private void play(Consumer<ChildJvm.Builder> more, Act act) throws Exception {
        try (Scene scene = new Scene(more)) {
            act.on(scene);
            scene.succeeds("serve");
        }
    }

    @Test
    void aCrashIsReportedWithItsStatusAndTheExceptionWhereverItComes() throws Exception {
        play(scene -> {
            for (String crash : List.of("crash-at-once", "crash-before-binding", "crash")) {
                Failure failure = scene.fails(crash);
                failure.is(EXITED, "ended with exit status 1");
                failure.saying("java.lang.IllegalStateException: this release is broken");
            }
        });
    }

    @Test
    void anExitIsAFailureWhateverItsStatus() throws Exception {
        play(scene -> {
            scene.fails("exit 0").is(EXITED, "ended with exit status 0");
            scene.fails("exit 42").is(EXITED, "ended with exit status 42");
            scene.fails("exits-at-resume").is(EXITED, "ended with exit status 5");
        });
    }

    @Test
    void aSuccessorThatHasSaidWhyIsReportedWithItsReason() throws Exception {
        play(scene -> scene.fails("explains")
                .is(EXITED, "gave up (the database is of tomorrow) and ended with exit status 3"));
    }

    @Test
    void aSuccessorThatIsKilledIsReportedWithTheSignal() throws Exception {
        play(scene -> {
            for (String signal : List.of("KILL", "TERM")) {
                scene.begin("gate " + directory.resolve("gate"));
                scene.awaitLine("at the gate");
                Signals.send(scene.successor(), signal);
                int number = signal.equals("KILL") ? 9 : 15;
                scene.end().is(EXITED, "was killed by signal " + number + " (exit status " + (128 + number) + ")");
            }
        });
    }

    @Test
    void aSuccessorThatIsToldToStopSaysSoAndNeedNotExitByItself() throws Exception {
        play(scene -> {
            scene.begin("wait " + directory.resolve("gate"));
            scene.awaitLine("2 waits");
            Signals.send(scene.successor(), "TERM");
            scene.end().is(BROKEN, "gave up (stopped by SIGTERM before it was ready), did not exit, and was killed");
        });
    }

    @Test
    void aSuccessorThatHangsIsKilledWhenItsTimeIsOver() throws Exception {
        play(
                builder -> builder.environment("BATON_READY_TIMEOUT", "10s"),
                scene -> scene.fails("hang").is(LATE, "was not ready within 10s and was killed"));
    }

    @Test
    void aListenerThatCannotBeHadIsNamed() throws Exception {
        try (ServerSocket foreign = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            play(scene -> {
                String taken = "127.0.0.1:" + foreign.getLocalPort();
                Failure failure = scene.fails("listen " + taken);
                failure.is(EXITED, "ended with exit status 1");
                failure.saying("ListenException", taken, "EADDRINUSE");
                scene.fails("listen 192.0.2.1:80").saying("ListenException", "192.0.2.1:80", "EADDRNOTAVAIL");
                scene.fails("listen unix:/proc/self/s").saying("ListenException", "/proc/self/s");
            });
        }
    }

    @Test
    void aSuccessorOfAnotherProtocolIsTurnedAwayWithBothVersions() throws Exception {
        play(scene -> {
            scene.fails("raw another-version").is(BROKEN, "in versions 8 to 9, this one in 1 to 1", "was killed");
        });
    }

    @Test
    void readyOutOfPlaceChangesNothing() throws Exception {
        play(scene -> {
            for (String words : List.of("ready-twice", "ready-at-once", "ready-elsewhere")) {
                scene.fails("raw " + words).is(EXITED, "ended with exit status 7");
            }
            assertThat(scene.child.lines().stream().map(OutputLine::text))
                    .filteredOn(line -> line.equals("raw gets SWITCH")
                            || line.equals("raw gets REFUSED")
                            || line.startsWith("raw then"))
                    .containsExactly(
                            "raw gets SWITCH",
                            "raw then gets silence",
                            "raw gets SWITCH",
                            "raw gets REFUSED",
                            "raw then gets silence");
        });
    }

    @Test
    void aSuccessorThatBreaksTheProtocolIsKilledAndTheFaultIsNamed() throws Exception {
        play(scene -> {
            scene.fails("raw accepts-untold").is(BROKEN, "accepted before it was told to and was killed");
            scene.fails("raw token-twice").is(BROKEN, "its token was used twice or by a stranger", "was killed");
            scene.fails("raw hangs-up").is(BROKEN, "closed the handoff and was killed");
        });
    }

    @Test
    void askingToBeReadyAgainIsHarmless() throws Exception {
        try (Scene scene = new Scene(_ -> {})) {
            scene.succeeds("ready-again");
            scene.awaitLine("2 ready again");
        }
    }

    @Test
    void aProgramThatIsGoneOrCannotBeExecutedIsNamed() throws Exception {
        Path home = Path.of(System.getProperty("java.home"));
        Path jdk = Files.createSymbolicLink(directory.resolve("jdk"), home);
        Path java = jdk.resolve("bin/java");
        play(builder -> builder.java(java), scene -> {
            Files.delete(jdk);
            scene.fails("serve").is(SPAWN, "could not be started: " + java + " does not exist");

            Files.createDirectories(java.getParent());
            Files.createFile(java);
            scene.fails("serve").is(SPAWN, "could not be started: ", "" + java, "Permission denied");

            Files.delete(java);
            Files.delete(java.getParent());
            Files.delete(jdk);
            Files.createSymbolicLink(jdk, home);
        });
    }

    @Test
    void aWorkingDirectoryThatIsGoneIsNamed() throws Exception {
        Path work = Files.createDirectory(directory.resolve("work"));
        play(builder -> builder.directory(work).environment("PWD", work.toString()), scene -> {
            Path away = directory.resolve("away");
            Files.move(work, away);
            scene.fails("serve").is(SPAWN, "could not be started: its working directory " + work + " does not exist");
            Files.move(away, work);
        });
    }

    @Test
    void aLackOfDescriptorsIsNamed() throws Exception {
        // A class that comes from a directory needs a descriptor itself.
        play(builder -> builder.classPath(packed()), scene -> {
            limit(scene.child, "3");
            scene.fails("serve").is(SPAWN, "could not be started: ", "too many open files in this process (EMFILE)");
            limit(scene.child, "1024");
        });
    }

    private static void limit(ChildJvm child, String descriptors) throws Exception {
        Process prlimit = new ProcessBuilder("prlimit", "--pid", "" + child.pid(), "--nofile=" + descriptors + ":")
                .inheritIO()
                .start();
        assertThat(prlimit.waitFor()).isZero();
    }

    @Test
    void aJarThatIsNoneIsNamedByTheJvm() throws Exception {
        play(builder -> builder.classPath(packed()), scene -> {
            Path jar = directory.resolve(JAR);
            Path good = directory.resolve("good.jar");
            Files.move(jar, good);
            Files.writeString(jar, "garbage");
            Failure failure = scene.fails("serve");
            failure.is(EXITED, "ended with exit status 1");
            failure.saying("Could not find or load main class dev.baton.ScriptedService");
            Files.delete(jar);
            Files.move(good, jar);
        });
    }

    /** The class path with jars in the places of directories; the service's is {@link #JAR}. */
    private String packed() {
        List<String> entries = new ArrayList<>();
        try {
            for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, 0)) {
                Path path = Path.of(entry);
                if (!Files.isDirectory(path)) {
                    entries.add(entry);
                    continue;
                }
                boolean services = Files.exists(path.resolve("dev/baton/ScriptedService.class"));
                Path jar = directory.resolve(services ? JAR : entries.size() + ".jar");
                pack(path, jar);
                entries.add(jar.toString());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return String.join(File.pathSeparator, entries);
    }

    private static void pack(Path classes, Path jar) throws IOException {
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
                var files = Files.walk(classes)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(new JarEntry(classes.relativize(file).toString()));
                out.write(Files.readAllBytes(file));
            }
        }
    }

    @Test
    void aSuccessorThatRunsOutOfHeapIsReportedWithTheStatusOfTheJvm() throws Exception {
        play(
                builder -> builder.jvmOptions("-Xmx48m", "-XX:+ExitOnOutOfMemoryError"),
                scene -> scene.fails("fills-the-heap").is(EXITED, "ended with exit status 3"));
    }
}
