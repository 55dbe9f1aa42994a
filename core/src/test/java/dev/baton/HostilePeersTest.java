package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Messages;
import dev.baton.posix.PosixException;
import dev.baton.posix.ProcessContext;
import dev.baton.posix.Sockets;
import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.ProcFs;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Hostile peers at the control socket of a service in a process of its own. */
class HostilePeersTest {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final int NOBODY = 65_534;

    @TempDir
    private Path directory;

    private Path run;
    private final List<Integer> peers = new ArrayList<>();

    @BeforeEach
    void prepare() throws Exception {
        run = directory.resolve("run");
        ScriptedService.script(directory.resolve("script"), "serve");
    }

    private ChildJvm start() throws Exception {
        ChildJvm child = ChildJvm.of(ScriptedService.class)
                .jvmOptions("-Xshare:auto", "-XX:TieredStopAtLevel=1")
                .environment("BATON_UNDO_WINDOW", "0")
                .environment("BATON_RUN_DIR", run.toString())
                .arguments(directory.resolve("script").toString(), "127.0.0.1:0")
                .start();
        child.awaitLine("1 ready", SOON);
        return child;
    }

    private Path socket(ChildJvm child) {
        return run.resolve(ControlSocket.name(child.pid()));
    }

    private int connect(ChildJvm child) throws IOException {
        int peer = Sockets.unix(Sockets.Type.SEQPACKET);
        Sockets.setTimeout(peer, SOON);
        Sockets.connect(peer, UnixDomainSocketAddress.of(socket(child)));
        return peer;
    }

    private static boolean isHungUp(int peer) throws IOException {
        return Messages.receive(peer, Frame.MAX_BYTES).isEndOfStream();
    }

    @Test
    void aRestartWorksAmongTwoHundredHostileConnectionsAndOthersThatKeepComing() throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        try (ChildJvm child = start()) {
            int threads = threads(child);
            for (int i = 0; i < 200; i++) {
                peers.add(connect(child));
            }
            // Answered after all of them were accepted.
            assertThat(BatonControl.of(child.pid(), run).status().state()).isEqualTo(State.SERVING);
            assertThat(threads(child)).isLessThan(threads + 100);
            CompletableFuture<Void> crowd = crowd(child, over);
            child.signal("HUP");
            child.awaitLine("2 ready", SOON);
            assertThat(child.awaitExit(SOON)).isZero();
            over.set(true);
            crowd.join();
        } finally {
            over.set(true);
            for (int peer : peers) {
                Descriptors.close(peer);
            }
        }
    }

    private static int threads(ChildJvm child) throws IOException {
        try (var tasks = Files.list(Path.of("/proc/" + child.pid() + "/task"))) {
            return (int) tasks.count();
        }
    }

    /** A peer that connects again and again, and never says anything. */
    private CompletableFuture<Void> crowd(ChildJvm child, AtomicBoolean over) {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> {
            List<Integer> mine = new ArrayList<>();
            try {
                while (!over.get()) {
                    mine.add(connect(child));
                    if (mine.size() > 100) {
                        Descriptors.close(mine.removeFirst());
                    }
                }
            } catch (IOException e) {
                // The generation has ended.
            }
            try {
                for (int peer : mine) {
                    Descriptors.close(peer);
                }
                ended.complete(null);
            } catch (IOException e) {
                ended.completeExceptionally(e);
            }
        });
        return ended;
    }

    @Test
    void whoeverSaysNothingThatCountsIsDroppedInTime() throws Exception {
        try (ChildJvm child = start()) {
            int sockets = ProcFs.socketInodes(child.pid()).size();
            int silent = connect(child);
            int talkative = connect(child);
            byte[] skipped = {3, 77, 0, 1};
            long begin = System.nanoTime();
            Thread talk = Thread.ofPlatform().start(() -> {
                try {
                    while (true) {
                        Messages.send(talkative, skipped, new int[0], true);
                    }
                } catch (PosixException e) {
                    // Hung up.
                }
            });
            assertThat(isHungUp(silent)).isTrue();
            talk.join();
            assertThat(Duration.ofNanos(System.nanoTime() - begin))
                    .isBetween(Protocol.HANDSHAKE_TIMEOUT, Protocol.HANDSHAKE_TIMEOUT.plusSeconds(5));
            Descriptors.close(silent);
            Descriptors.close(talkative);
            Await.state(
                    "both connections are closed",
                    SOON,
                    () -> ProcFs.socketInodes(child.pid()).size() == sockets);
        }
    }

    @Test
    void aPeerOfAnotherUserIsDroppedUnheard() throws Exception {
        assumeTrue(ProcessContext.effectiveUserId() == 0, "only root can start a process of another user");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "setpriv(1) is needed");
        try (ChildJvm child = start()) {
            // As if that user had come past the modes of the directory and the socket.
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.setPosixFilePermissions(socket(child), PosixFilePermissions.fromString("rw-rw-rw-"));
            assertThat(foreigner(child, 0))
                    .as("one of the same user is answered")
                    .isEqualTo("REFUSED");
            assertThat(foreigner(child, NOBODY)).isEqualTo("hung up");
            child.awaitLine(line -> line.contains("user " + NOBODY + " is not this process's"), SOON);
        }
    }

    private String foreigner(ChildJvm child, int user) throws Exception {
        try (ChildJvm peer = ChildJvm.of(Foreigner.class)
                .startedBy("/usr/bin/setpriv", "--reuid=" + user, "--clear-groups")
                .directory(Path.of("/"))
                .arguments(socket(child).toString())
                .start()) {
            assertThat(peer.awaitExit(SOON)).isZero();
            return peer.awaitAllOutput(SOON).getFirst().text();
        }
    }

    /** Asks for what anybody of the same user is refused, and prints what it gets. */
    static final class Foreigner {
        private Foreigner() {}

        public static void main(String[] arguments) throws Exception {
            int peer = Sockets.unix(Sockets.Type.SEQPACKET);
            Sockets.setTimeout(peer, SOON);
            Sockets.connect(peer, UnixDomainSocketAddress.of(arguments[0]));
            String answer;
            try {
                Messages.send(peer, Frame.of(Frame.Type.READY).encode(), new int[0], true);
                var message = Messages.receive(peer, Frame.MAX_BYTES);
                answer = message.isEndOfStream() ? "hung up" : String.valueOf(Frame.decode(message.payload()));
            } catch (PosixException e) {
                answer = "hung up"; // EPIPE, ECONNRESET: while it was still speaking.
            }
            System.out.println(answer);
        }
    }
}
