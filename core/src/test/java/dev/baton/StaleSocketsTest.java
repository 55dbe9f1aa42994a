package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.posix.Descriptors;
import dev.baton.posix.DirectoryLock;
import dev.baton.posix.Sockets;
import dev.baton.testkit.Await;
import dev.baton.testkit.FdLeakCheck;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StaleSocketsTest {
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    private final FdLeakCheck leaks = FdLeakCheck.ofThisJvm();
    private final List<Integer> open = new ArrayList<>();
    private final List<Process> processes = new ArrayList<>();
    private Path own;

    @BeforeEach
    void prepare() {
        own = socket(ProcessHandle.current().pid());
    }

    @AfterEach
    void end() throws Exception {
        for (int descriptor : open) {
            Descriptors.close(descriptor);
        }
        for (Process process : processes) {
            process.destroyForcibly().waitFor();
        }
        leaks.assertNone(SOON);
    }

    private Path socket(long pid) {
        return directory.resolve(ControlSocket.name(pid));
    }

    private long livingPid() throws IOException {
        Process process = new ProcessBuilder("sleep", "300").start();
        processes.add(process);
        return process.pid();
    }

    private static long deadPid() throws Exception {
        Process process = new ProcessBuilder("true").start();
        process.waitFor();
        return process.pid();
    }

    private static int bind(Path path) throws IOException {
        int descriptor = Sockets.unix(Sockets.Type.SEQPACKET);
        Sockets.bind(descriptor, UnixDomainSocketAddress.of(path));
        return descriptor;
    }

    /** What a process leaves that is killed. */
    private static Path stale(Path path) throws IOException {
        Descriptors.close(bind(path));
        return path;
    }

    @Test
    void theSocketOfADeadProcessIsRemoved() throws Exception {
        Path stale = stale(socket(deadPid()));
        StaleSockets.remove(directory, own);
        assertThat(stale).doesNotExist();
    }

    @Test
    void whatADeadProcessHasLeftInThePlaceOfOurOwnIsRemoved() throws Exception {
        StaleSockets.remove(directory, stale(own));
        assertThat(own).doesNotExist();
    }

    @Test
    void theSocketOfALivingProcessStaysEvenIfItDoesNotListenYet() throws Exception {
        Path living = socket(livingPid());
        open.add(bind(living));
        StaleSockets.remove(directory, own);
        assertThat(living).exists();
    }

    @Test
    void aSocketOnWhichSomebodyListensStaysEvenIfItsProcessCannotBeSeen() throws Exception {
        Path unseen = socket(deadPid());
        int descriptor = bind(unseen);
        open.add(descriptor);
        Sockets.listen(descriptor, 0);
        StaleSockets.remove(directory, own);
        assertThat(unseen).exists();
        // Nobody accepts, so what has just looked fills the queue; a full one is no sign of death.
        StaleSockets.remove(directory, own);
        assertThat(unseen).exists();
    }

    @Test
    void whatIsNoSocketOrNotNamedLikeOneStays() throws Exception {
        long dead = deadPid();
        Path other = stale(directory.resolve("service.sock"));
        Path file = Files.createFile(socket(dead));
        StaleSockets.remove(directory, own);
        assertThat(file).exists();
        Files.delete(file);
        Path link = Files.createSymbolicLink(file, other);
        StaleSockets.remove(directory, own);
        assertThat(Files.isSymbolicLink(link)).isTrue();
        assertThat(other).exists();
    }

    @Test
    void whoHasNothingInItsPlaceDoesNotWaitForAnotherThatRemoves() throws Exception {
        Path stale = stale(socket(deadPid()));
        try (DirectoryLock _ = DirectoryLock.acquire(directory)) {
            StaleSockets.remove(directory, own);
        }
        assertThat(stale).exists();
    }

    /** Else the other, who has seen that this socket is dead, would remove the new one in its place. */
    @Test
    void whoHasADeadProcessesSocketInItsPlaceWaitsForAnotherThatRemoves() throws Exception {
        stale(own);
        CompletableFuture<Void> removed = new CompletableFuture<>();
        Thread thread;
        try (DirectoryLock _ = DirectoryLock.acquire(directory)) {
            thread = Thread.ofPlatform().start(() -> {
                try {
                    StaleSockets.remove(directory, own);
                    removed.complete(null);
                } catch (IOException e) {
                    removed.completeExceptionally(e);
                }
            });
            Await.state("the thread waits in flock(2)", SOON, () -> isInFlock(thread));
            assertThat(own).exists();
            assertThat(removed).isNotDone();
        }
        Await.event("the lock", removed, SOON);
        assertThat(own).doesNotExist();
    }

    /** By the kernel's word: proc_locks(5) marks who waits with an arrow. */
    private static boolean isInFlock(Thread thread) throws IOException {
        String waiting = "-> FLOCK  ADVISORY  WRITE " + ProcessHandle.current().pid() + " ";
        return thread.isAlive()
                && Files.readAllLines(Path.of("/proc/locks")).stream().anyMatch(line -> line.contains(waiting));
    }

    @Test
    void manyThatStartAtOnceRemoveTheDeadAndNoneOfEachOther() throws Exception {
        List<CompletableFuture<Void>> starters = new ArrayList<>();
        long dead = deadPid();
        for (int i = 0; i < 6; i++) {
            Path mine = socket(livingPid());
            CompletableFuture<Void> done = new CompletableFuture<>();
            starters.add(done);
            Thread.ofPlatform().start(() -> {
                try {
                    for (int round = 0; round < 300; round++) {
                        startAndEnd(mine);
                    }
                    done.complete(null);
                } catch (Throwable e) {
                    done.completeExceptionally(e);
                }
            });
        }
        for (int round = 0; round < 100; round++) {
            stale(socket(dead));
            StaleSockets.remove(directory, own);
            Await.state("somebody removes it", SOON, () -> {
                StaleSockets.remove(directory, own);
                return !Files.exists(socket(dead));
            });
        }
        for (CompletableFuture<Void> starter : starters) {
            Await.event("a process that starts again and again", starter, SOON);
        }
    }

    private void startAndEnd(Path mine) throws IOException {
        StaleSockets.remove(directory, mine);
        int listener = bind(mine);
        int client = Sockets.unix(Sockets.Type.SEQPACKET);
        try {
            assertThat(mine).exists();
            Sockets.listen(listener, 1);
            Sockets.connect(client, UnixDomainSocketAddress.of(mine));
            Files.delete(mine);
        } finally {
            Descriptors.close(client);
            Descriptors.close(listener);
        }
    }
}
