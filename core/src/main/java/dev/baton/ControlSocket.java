package dev.baton;

import dev.baton.posix.Descriptors;
import dev.baton.posix.PeerCredentials;
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
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * The Unix socket at which a generation can be reached by processes of the same user.
 *
 * <p>One daemon thread accepts; each connection gets a daemon thread of its own, which the service keeps as long as it
 * likes and whose end closes the channel. How many there are at most, and who gives way, is {@link Visitors}.
 */
final class ControlSocket implements AutoCloseable {
    private static final int MAX_VISITORS = 64;
    private static final Duration PAUSE_AFTER_FAILURE = Duration.ofMillis(100);
    private static final Pattern NAME = Pattern.compile("([1-9]\\d{0,9})\\.sock");

    /** What the socket is for. */
    interface Service {
        /** Whether this generation waits for a word of this process. */
        boolean expects(long pid);

        /** Answers a connection of the same user, on a thread of its own, which closes it afterwards. */
        void serve(Visitors.Visitor visitor) throws IOException;
    }

    private final Path path;
    private final int descriptor;
    private final Service service;
    private final int user;
    private final Visitors visitors = new Visitors(MAX_VISITORS);
    private final Thread acceptor;
    private final CountDownLatch closed = new CountDownLatch(1);

    /** A program that exits without a word to Baton leaves nothing for others to remove. */
    private final Thread removal;

    private ControlSocket(Path path, int descriptor, int user, Service service) {
        this.path = path;
        this.descriptor = descriptor;
        this.user = user;
        this.service = service;
        this.acceptor = Thread.ofPlatform().daemon().name("baton-control").unstarted(this::acceptUntilClosed);
        this.removal = Thread.ofPlatform().unstarted(() -> attempt(() -> Files.deleteIfExists(path)));
    }

    /** Opens {@code PID.sock} in the run directory, and removes from there what dead processes have left. */
    static ControlSocket open(Optional<Path> runDirectory, Service service) throws IOException {
        Path directory = RunDirectory.open(runDirectory);
        Path path = directory.resolve(name(ProcessHandle.current().pid()));
        StaleSockets.remove(directory, path);
        int descriptor = Sockets.unix(Sockets.Type.SEQPACKET);
        try {
            Sockets.bind(descriptor, UnixDomainSocketAddress.of(path));
            // Nobody can connect before listen, and nobody but us can enter the directory.
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
            Sockets.listen(descriptor, MAX_VISITORS);
            ControlSocket socket = new ControlSocket(path, descriptor, ProcessContext.effectiveUserId(), service);
            Runtime.getRuntime().addShutdownHook(socket.removal);
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

    /** Whether a path is named like a process's socket. */
    static boolean isName(Path path) {
        return NAME.matcher(String.valueOf(path.getFileName())).matches();
    }

    /** Whose socket a path is by its {@linkplain #isName name}. */
    static long pid(Path path) {
        String name = String.valueOf(path.getFileName());
        return Long.parseLong(name.substring(0, name.indexOf('.')));
    }

    Path path() {
        return path;
    }

    private void acceptUntilClosed() {
        try {
            while (closed.getCount() > 0) {
                acceptOne();
            }
        } catch (InterruptedException e) {
            // By close.
        }
    }

    /** A failure (no descriptor or no thread is left) passes: the next restart needs this thread. */
    private void acceptOne() throws InterruptedException {
        try {
            FrameChannel channel = new FrameChannel(Sockets.accept(descriptor));
            boolean taken = false;
            try {
                taken = begin(channel);
            } finally {
                if (!taken) {
                    channel.close();
                }
            }
        } catch (IOException e) {
            if (closed.getCount() > 0) {
                Log.controlSocketFailed(path, e);
                var _ = closed.await(PAUSE_AFTER_FAILURE.toMillis(), TimeUnit.MILLISECONDS);
            }
        }
    }

    /**
     * Gives a peer of the same user a thread.
     *
     * @return whether that was done, and the channel is the thread's to close
     */
    private boolean begin(FrameChannel channel) throws IOException, InterruptedException {
        PeerCredentials peer = channel.peer();
        if (peer.uid() != user) {
            Log.controlConnectionDropped(new IOException("user " + peer.uid() + " is not this process's"));
            return false;
        }
        Visitors.Visitor visitor = visitors.enter(channel, service.expects(peer.pid()));
        try {
            Thread.ofPlatform().daemon().name("baton-handoff").start(() -> serve(visitor));
            return true;
        } catch (OutOfMemoryError e) {
            visitor.leave();
            throw new IOException(e);
        }
    }

    private void serve(Visitors.Visitor visitor) {
        try (FrameChannel _ = visitor.channel()) {
            service.serve(visitor);
        } catch (IOException e) {
            Log.controlConnectionDropped(e);
        } finally {
            visitor.leave();
        }
    }

    /** Stops accepting and removes the path; open connections go on. Called once, by the owner. */
    @Override
    public void close() {
        closed.countDown();
        acceptor.interrupt();
        attempt(() -> Files.deleteIfExists(path));
        try {
            Runtime.getRuntime().removeShutdownHook(removal);
        } catch (IllegalStateException e) {
            // It runs, and does the same.
        }
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
