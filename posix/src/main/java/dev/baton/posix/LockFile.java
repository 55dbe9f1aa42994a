package dev.baton.posix;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * A lock between processes of one user: flock(2) on a file of its own, mode 0600, which is there only as long as somebody
 * holds the lock or waits for it. It ends with the process at the latest, whatever ends that.
 *
 * <p><b>Why a lock that was granted is looked at again.</b> Its holder removes the file before it releases the lock. Who
 * has waited then holds a lock of a file that has no name any more, and a third process may have locked a new one of the
 * same name. So a lock counts only if the file is still the one of that name; else it is tried again, with the new one.
 * Each further try means that another holder has finished.
 */
public final class LockFile implements AutoCloseable {
    private static final int MODE = 0600;

    private final Path path;
    private final int descriptor;

    private LockFile(Path path, int descriptor) {
        this.path = path;
        this.descriptor = descriptor;
    }

    /**
     * Waits for the lock.
     *
     * @throws PosixException if the file cannot be had: its folder is missing or closed to this user, or somebody else's
     *     file or a symbolic link is in its place
     */
    public static LockFile acquire(Path path) throws IOException {
        while (true) {
            int descriptor = open(path);
            boolean held = false;
            try {
                Libc.Function.FLOCK.call(descriptor, Libc.LOCK_EX);
                held = isStill(path, descriptor);
                if (held) {
                    return new LockFile(path, descriptor);
                }
            } finally {
                if (!held) {
                    Descriptors.close(descriptor);
                }
            }
        }
    }

    private static int open(Path path) throws PosixException {
        int noFollow = switch (Platform.current()) {
            case LINUX_X86_64 -> Libc.O_NOFOLLOW_X86_64;
            case LINUX_AARCH64 -> Libc.O_NOFOLLOW_AARCH64;
        };
        try (Arena arena = Arena.ofConfined()) {
            return Libc.Function.OPEN.call(
                    arena.allocateFrom(path.toString()).address(),
                    Libc.O_RDWR | Libc.O_CREAT | Libc.O_CLOEXEC | noFollow,
                    MODE);
        }
    }

    private static boolean isStill(Path path, int descriptor) throws IOException {
        try {
            return Files.exists(path, LinkOption.NOFOLLOW_LINKS)
                    && Files.isSameFile(path, Path.of("/proc/self/fd/" + descriptor));
        } catch (NoSuchFileException e) {
            return false; // Removed by the holder before us, between the two questions.
        }
    }

    /** Removes the file, then releases the lock. */
    @Override
    public void close() throws IOException {
        try {
            Files.deleteIfExists(path);
        } finally {
            Descriptors.close(descriptor);
        }
    }
}
