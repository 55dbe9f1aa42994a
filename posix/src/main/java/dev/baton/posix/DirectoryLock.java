package dev.baton.posix;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The one lock of a directory (flock(2)) that a process can hold; another process, or another lock of this one, has to
 * wait. It is advisory, leaves no file behind, and ends with the process at the latest.
 */
public final class DirectoryLock implements AutoCloseable {
    private final int descriptor;

    private DirectoryLock(int descriptor) {
        this.descriptor = descriptor;
    }

    /** Waits for the lock. */
    public static DirectoryLock acquire(Path directory) throws PosixException {
        return lock(directory, Libc.LOCK_EX);
    }

    /** The lock, or nothing if somebody has it at this moment. */
    public static Optional<DirectoryLock> tryAcquire(Path directory) throws PosixException {
        try {
            return Optional.of(lock(directory, Libc.LOCK_EX | Libc.LOCK_NB));
        } catch (PosixException e) {
            if (e.errno() == Errno.EAGAIN) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static DirectoryLock lock(Path directory, int operation) throws PosixException {
        int descriptor;
        try (Arena arena = Arena.ofConfined()) {
            long path = arena.allocateFrom(directory.toString()).address();
            descriptor = Libc.Function.OPEN.call(path, Libc.O_RDONLY | Libc.O_CLOEXEC);
        }
        try {
            Libc.Function.FLOCK.call(descriptor, operation);
            return new DirectoryLock(descriptor);
        } catch (PosixException e) {
            Descriptors.close(descriptor);
            throw e;
        }
    }

    @Override
    public void close() throws PosixException {
        Descriptors.close(descriptor);
    }
}
