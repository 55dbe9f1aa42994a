package dev.baton;

import dev.baton.posix.Descriptors;
import dev.baton.posix.PosixException;
import dev.baton.posix.ProcessContext;
import dev.baton.posix.Sockets;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The Unix socket at which a generation can be reached by processes of the same user.
 *
 * <p>One daemon thread accepts; each connection gets a daemon thread of its own, which the consumer keeps as long as it
 * likes and whose end closes the channel.
 */
final class ControlSocket implements AutoCloseable {
    private static final int MAX_CONNECTIONS = 16;
    private static final Duration PAUSE_AFTER_FAILURE = Duration.ofMillis(100);

    private final Path path;
    private final int descriptor;
    private final Consumer<FrameChannel> onConnection;
    private final Semaphore places = new Semaphore(MAX_CONNECTIONS);
    private final Thread acceptor;
    private final CountDownLatch closed = new CountDownLatch(1);

    private ControlSocket(Path path, int descriptor, Consumer<FrameChannel> onConnection) {
        this.path = path;
        this.descriptor = descriptor;
        this.onConnection = onConnection;
        this.acceptor = Thread.ofPlatform().daemon().name("baton-control").unstarted(this::acceptUntilClosed);
    }

    /** Opens {@code PID.sock} in the run directory; a path of that name is a dead process's, because the pid is ours. */
    static ControlSocket open(Optional<Path> runDirectory, Consumer<FrameChannel> onConnection) throws IOException {
        Path path = RunDirectory.open(runDirectory)
                .resolve(name(ProcessHandle.current().pid()));
        Files.deleteIfExists(path);
        int descriptor = Sockets.unix(Sockets.Type.SEQPACKET);
        try {
            Sockets.bind(descriptor, UnixDomainSocketAddress.of(path));
            // Nobody can connect before listen, and nobody but us can enter the directory.
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
            Sockets.listen(descriptor, MAX_CONNECTIONS);
            ControlSocket socket = new ControlSocket(path, descriptor, onConnection);
            socket.acceptor.start();
            return socket;
        } catch (IOException | IllegalArgumentException e) {
            Descriptors.close(descriptor);
            throw new IOException("cannot open the control socket " + path + ": " + e.getMessage(), e);
        }
    }

    /** The name of a process's socket in the run directory. */
    static String name(long pid) {
        return pid + ".sock";
    }

    Path path() {
        return path;
    }

    private void acceptUntilClosed() {
        try {
            while (closed.getCount() > 0) {
                places.acquire();
                acceptOne();
            }
        } catch (InterruptedException e) {
            // By close, while all places were taken.
        }
    }

    /** A failure (no descriptor or no thread is left) passes: the next restart needs this thread. */
    private void acceptOne() throws InterruptedException {
        FrameChannel channel;
        try {
            channel = new FrameChannel(Sockets.accept(descriptor));
        } catch (PosixException e) {
            places.release();
            if (closed.getCount() > 0) {
                Log.controlSocketFailed(path, e);
                var _ = closed.await(PAUSE_AFTER_FAILURE.toMillis(), TimeUnit.MILLISECONDS);
            }
            return;
        }
        try {
            Thread.ofPlatform().daemon().name("baton-handoff").start(() -> serve(channel));
        } catch (OutOfMemoryError e) {
            channel.close();
            places.release();
            Log.controlSocketFailed(path, new IOException(e));
        }
    }

    private void serve(FrameChannel channel) {
        try (channel) {
            if (channel.peer().uid() == ProcessContext.effectiveUserId()) {
                onConnection.accept(channel);
            }
        } catch (IOException e) {
            Log.controlSocketFailed(path, e);
        } finally {
            places.release();
        }
    }

    /** Stops accepting and removes the path; open connections go on. Called once, by the owner. */
    @Override
    public void close() {
        closed.countDown();
        acceptor.interrupt();
        attempt(() -> Files.deleteIfExists(path));
        // Wakes the acceptor from accept(2); this listener is nobody else's, so shutdown(2) is allowed.
        attempt(() -> Sockets.shutdown(descriptor));
        try {
            acceptor.join();
            attempt(() -> Descriptors.close(descriptor));
        } catch (InterruptedException e) {
            // The descriptor stays open rather than become another file's under the acceptor.
            Thread.currentThread().interrupt();
        }
    }

    private interface Step {
        void run() throws IOException;
    }

    private void attempt(Step step) {
        try {
            step.run();
        } catch (IOException e) {
            Log.controlSocketFailed(path, e);
        }
    }
}
