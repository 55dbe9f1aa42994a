package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Signals;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the pid file says at every millisecond of restarts that go well, restarts that fail, and a way back. */
class PublishedPidTest {
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    @Test
    void everyMillisecondTheFileNamesAProcessThatLivesAndWasReady() throws Exception {
        Path script = directory.resolve("script");
        Path accepts = Files.createDirectory(directory.resolve("accepts"));
        Path pidFile = directory.resolve("pid");
        ScriptedService.script(script, "serve");
        try (ChildJvm child = ChildJvm.of(ScriptedService.class)
                .jvmOptions("-Xshare:auto", "-XX:TieredStopAtLevel=1")
                .environment("BATON_PID_FILE", pidFile.toString())
                .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                .environment("BATON_UNDO_WINDOW", "10m")
                .environment("BATON_HEALTH_INTERVAL", "50ms")
                .environment(ScriptedService.ACCEPTS_IN, accepts.toString())
                .arguments(script.toString(), "127.0.0.1:0")
                .start()) {
            child.awaitLine("1 ready", SOON);
            try (Reader reader = new Reader(pidFile, accepts)) {
                restart(child, script, pidFile, "exit 3", "restart failed");
                for (int generation = 2; generation <= 6; generation++) {
                    restart(child, script, pidFile, "serve", "switched to generation " + generation);
                }
                restart(child, script, pidFile, "crash", "restart failed");
                long sixth = pid(pidFile);
                Path gate = directory.resolve("gate");
                restart(child, script, pidFile, "unwell " + gate, "switched to generation 7");
                long seventh = pid(pidFile);
                Files.createFile(gate);
                child.awaitLine("accepts again: this generation", SOON);
                assertThat(pid(pidFile)).isEqualTo(sixth);
                Await.state("the generation that was undone ends", SOON, () -> !ProcFs.running(seventh));
                for (int generation = 8; generation <= 11; generation++) {
                    restart(child, script, pidFile, "serve", "switched to generation " + generation);
                }
                assertThat(reader.faults()).isEmpty();
                assertThat(reader.published())
                        .as("generations 1 to 7, 6 again, and 8 to 11")
                        .hasSize(12)
                        .endsWith(pid(pidFile));
                assertThat(reader.published().get(7)).isEqualTo(sixth);
            }
            Signals.send(pid(pidFile), "TERM");
            child.awaitAllGone(SOON);
            assertThat(pidFile).doesNotExist();
        }
    }

    private static void restart(ChildJvm child, Path script, Path pidFile, String words, String outcome)
            throws Exception {
        ScriptedService.script(script, words);
        int mark = child.mark();
        Signals.send(pid(pidFile), "HUP");
        child.awaitLineAfter(mark, outcome, line -> line.contains(outcome), SOON);
    }

    private static long pid(Path pidFile) throws IOException {
        return Long.parseLong(Files.readString(pidFile).strip());
    }

    /** Reads the file every millisecond, as no event tells a stranger of a rename in time. */
    private static final class Reader implements AutoCloseable {
        private final Path pidFile;
        private final Path accepts;
        private final List<Long> published = new ArrayList<>(); // the thread's until it has ended
        private final List<String> faults = new ArrayList<>(); // the thread's until it has ended
        private final CompletableFuture<Void> end = new CompletableFuture<>();
        private final Thread thread = Thread.ofPlatform().unstarted(this::read);

        Reader(Path pidFile, Path accepts) {
            this.pidFile = pidFile;
            this.accepts = accepts;
            thread.start();
        }

        private void read() {
            while (!end.isDone()) {
                look();
                LockSupport.parkNanos(1_000_000);
            }
        }

        private void look() {
            try {
                String text = Files.readString(pidFile);
                if (!text.matches("[1-9][0-9]*\n")) {
                    faults.add("it held '" + text + "'");
                    return;
                }
                long pid = Long.parseLong(text.strip());
                if (published.isEmpty() || published.getLast() != pid) {
                    published.add(pid);
                    if (Files.notExists(accepts.resolve(Long.toString(pid)))) {
                        faults.add("it named " + pid + " before that accepted");
                    }
                    if (ProcFs.ignoresSignal(pid, 1)) {
                        faults.add("it named " + pid + " while that ignored SIGHUP");
                    }
                }
                // Dead now, and named still: it was dead while it was named. If another is named by now, nobody knows.
                if (!ProcFs.running(pid) && Files.readString(pidFile).equals(text)) {
                    faults.add("it named " + pid + ", which had ended");
                }
            } catch (NoSuchFileException e) {
                faults.add("it was missing");
            } catch (IOException e) {
                faults.add("it could not be read: " + e);
            }
        }

        private void stop() throws InterruptedException {
            end.complete(null);
            thread.join();
        }

        List<String> faults() throws InterruptedException {
            stop();
            return faults;
        }

        List<Long> published() throws InterruptedException {
            stop();
            return published;
        }

        @Override
        public void close() {
            end.complete(null);
        }
    }
}
