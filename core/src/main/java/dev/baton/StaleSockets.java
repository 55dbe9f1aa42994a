package dev.baton;

import dev.baton.posix.Descriptors;
import dev.baton.posix.DirectoryLock;
import dev.baton.posix.Errno;
import dev.baton.posix.PosixException;
import dev.baton.posix.Sockets;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.time.Duration;
import java.util.Optional;

/**
 * What processes that were killed have left in the run directory: {@code PID.sock} of a pid that no process has, on which
 * nobody listens.
 *
 * <p><b>Never a living process's.</b> A removal is (1) no process P, (2) nobody listens on P.sock, (3) unlink, under the
 * directory's lock. A process that lives at (1) is not touched, whether it listens already or not. One that is born after
 * (1) and gets the dead one's number P comes through {@link #remove} itself before it binds: either it gets the lock, and
 * then (3) is over; or it sees the lock taken and P.sock there, and waits for the lock; or it sees the lock taken and
 * P.sock not there, and then (3) is over too, because nobody else removes P.sock, and P was dead. So it binds after (3).
 * (2) is for processes that are alive and not to be seen, those of another pid namespace.
 *
 * <p>Nobody waits for the lock but one who finds a dead process's socket in his own place at the very moment in which
 * another removes it: a process that is frozen with the lock in its hand does not keep others from starting.
 */
final class StaleSockets {
    /** A queue that is full is somebody's. */
    private static final Duration CONNECT_TIMEOUT = Duration.ofMillis(1);

    private StaleSockets() {}

    /** Removes what is stale, if nobody does at this moment, and in any case what is in the place of this process's own. */
    static void remove(Path directory, Path own) throws IOException {
        try {
            Optional<DirectoryLock> lock = DirectoryLock.tryAcquire(directory);
            if (lock.isPresent()) {
                try (DirectoryLock _ = lock.get()) {
                    removeAll(directory);
                }
            } else if (Files.exists(own, LinkOption.NOFOLLOW_LINKS)) {
                DirectoryLock.acquire(directory).close();
            }
        } catch (IOException | DirectoryIteratorException e) {
            Log.staleSocketsStay(directory, e); // A file system without locks, say.
        }
        // The pid is ours, so whoever made it is dead; and nobody removes it after us.
        Files.deleteIfExists(own);
    }

    private static void removeAll(Path directory) throws IOException {
        try (DirectoryStream<Path> sockets = Files.newDirectoryStream(directory, ControlSocket::isName)) {
            for (Path socket : sockets) {
                if (isDead(ControlSocket.pid(socket)) && isSocket(socket) && nobodyListens(socket)) {
                    Files.deleteIfExists(socket);
                    Log.staleSocketRemoved(socket);
                }
            }
        }
    }

    /** Not so for a zombie, nor for a number that is a thread's now: their sockets go another time. */
    private static boolean isDead(long pid) {
        return Files.notExists(Path.of("/proc/" + pid));
    }

    /** A connect to a file of another kind is refused as well. */
    private static boolean isSocket(Path path) throws IOException {
        return Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .isOther();
    }

    private static boolean nobodyListens(Path path) throws IOException {
        int descriptor = Sockets.unix(Sockets.Type.SEQPACKET);
        try {
            Sockets.setTimeout(descriptor, CONNECT_TIMEOUT);
            Sockets.connect(descriptor, UnixDomainSocketAddress.of(path));
            return false;
        } catch (PosixException e) {
            return e.errno() == Errno.ECONNREFUSED;
        } finally {
            Descriptors.close(descriptor);
        }
    }
}
