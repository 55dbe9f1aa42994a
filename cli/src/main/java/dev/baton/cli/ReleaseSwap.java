package dev.baton.cli;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;

/**
 * Another jar in the place of the one that a service runs from, and the way back.
 *
 * <p>The running process has its jar open and loads classes from it as long as it lives, so the file is never written to:
 * the new one is copied beside it, under the name {@code JAR.next}, and renamed. The old file keeps its second name,
 * {@code JAR.previous}, until it is known which of the two stays; both names are in the folder of the jar, so that a rename
 * is enough, and at each moment the whole of one release is under the jar's own name.
 */
final class ReleaseSwap {
    private final Path jar;
    private final Path previous;

    private ReleaseSwap(Path jar, Path previous) {
        this.jar = jar;
        this.previous = previous;
    }

    /**
     * Puts a release in the place of another.
     *
     * @throws CannotRunException if that cannot be; then nothing has changed
     */
    static ReleaseSwap put(Path release, Path jar) throws CannotRunException {
        check(release, jar);
        Path next = beside(jar, ".next");
        Path previous = beside(jar, ".previous");
        try {
            Files.createLink(previous, jar);
        } catch (FileAlreadyExistsException e) {
            throw new CannotRunException(previous + " exists: another deployment is at work, or one was interrupted;"
                    + " remove it when you know which release you want");
        } catch (IOException | UnsupportedOperationException e) {
            throw new CannotRunException("the old file cannot be kept as " + previous + " (" + e + ")");
        }
        ReleaseSwap swap = new ReleaseSwap(jar, previous);
        try {
            Files.copy(release, next, StandardCopyOption.REPLACE_EXISTING);
            Files.setPosixFilePermissions(next, Files.getPosixFilePermissions(jar));
            try (FileChannel file = FileChannel.open(next, StandardOpenOption.WRITE)) {
                file.force(true);
            }
            Files.move(next, jar, StandardCopyOption.ATOMIC_MOVE);
            return swap;
        } catch (IOException e) {
            swap.discard(next);
            swap.keep();
            throw new CannotRunException(release + " cannot be put in the place of " + jar + " (" + e + ")");
        }
    }

    /** The old file, for messages. */
    Path previous() {
        return previous;
    }

    /** The new release stays. */
    void keep() throws CannotRunException {
        discard(previous);
    }

    /** The old file is under its own name again. */
    void undo() throws CannotRunException {
        try {
            Files.move(previous, jar, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new CannotRunException(
                    ExitStatus.FAILED,
                    "the old release cannot be put back (" + e + "); move " + previous + " to " + jar + " by hand");
        }
    }

    private void discard(Path file) throws CannotRunException {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new CannotRunException(file + " cannot be removed (" + e + "); remove it by hand");
        }
    }

    private static Path beside(Path jar, String ending) {
        return jar.resolveSibling(jar.getFileName() + ending);
    }

    private static void check(Path release, Path jar) throws CannotRunException {
        if (!Files.isRegularFile(release) || !Files.isReadable(release)) {
            throw new CannotRunException(
                    release + " is no file that this user can read; name the jar of the new release");
        }
        if (Files.isSymbolicLink(jar)) {
            throw new CannotRunException(
                    jar + " is a symbolic link: let it lead to the new release, and run baton restart");
        }
        if (!Files.isRegularFile(jar, LinkOption.NOFOLLOW_LINKS)) {
            throw new CannotRunException(jar + ", from which the service was started, does not exist any more");
        }
        try {
            if (Files.isSameFile(release, jar)) {
                throw new CannotRunException(release
                        + " is the file that the service runs from; to restart it as it is," + " run baton restart");
            }
        } catch (IOException e) {
            throw new CannotRunException(release + " and " + jar + " cannot be compared (" + e + ")");
        }
        checkIsProgram(release);
    }

    private static void checkIsProgram(Path release) throws CannotRunException {
        try (JarFile file = new JarFile(release.toFile())) {
            Manifest manifest = file.getManifest();
            if (manifest == null || manifest.getMainAttributes().getValue(Attributes.Name.MAIN_CLASS) == null) {
                throw new CannotRunException(release + " has no Main-Class in its manifest: java -jar cannot start it");
            }
        } catch (IOException e) {
            throw new CannotRunException(release + " is no jar (" + e.getMessage() + ")");
        }
    }
}
