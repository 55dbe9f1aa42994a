package dev.baton;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The published pid. It is replaced by rename(2), so that a reader finds the old or the new content and never an empty
 * file or none.
 *
 * <p>A symbolic link is replaced too, and what it leads to is left as it is: HAProxy does that, where nginx writes through
 * it. Writing through could not be atomic, and in a folder that others may write to it could be made to hit any file.
 */
final class PidFile {
    /** Less what the umask takes: whoever can write to the file chooses what an operator's kill hits. */
    private static final FileAttribute<Set<PosixFilePermission>> MODE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r--r--"));

    private final Optional<Path> path;

    PidFile(Optional<Path> path) {
        this.path = path;
    }

    /** Publishes a process. */
    void write(long pid) throws IOException {
        if (path.isPresent()) {
            Path file = path.get();
            Path next = file.resolveSibling(
                    temporaryPrefix(file) + ProcessHandle.current().pid());
            Files.deleteIfExists(next); // Of a process that was killed in the middle and had our number.
            try {
                try (SeekableByteChannel channel = Files.newByteChannel(
                        next, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), MODE)) {
                    channel.write(ByteBuffer.wrap((pid + "\n").getBytes(StandardCharsets.US_ASCII)));
                }
                Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(next);
            }
        }
    }

    /** One name for each writer: parent and successor may both write when the parent dies. Hidden, and like no other. */
    private static String temporaryPrefix(Path file) {
        return "." + file.getFileName() + ".next-";
    }

    /**
     * Fails if the file names another instance of this service that is not {@code parent}, or cannot be written: better
     * at start than at the first restart. Removes what writers that were killed have left.
     */
    void check(Optional<Long> parent) throws IOException {
        if (path.isEmpty()) {
            return;
        }
        Path file = path.get().toAbsolutePath();
        Path folder = Objects.requireNonNullElse(file.getParent(), file);
        if (!Files.isDirectory(folder)) {
            throw new IOException("cannot write the pid file " + file + ": its folder does not exist; create it");
        }
        if (!Files.isWritable(folder)) {
            throw new IOException("cannot write the pid file " + file
                    + ": permission denied; choose a folder that this user may write to");
        }
        if (Files.exists(file)) {
            if (!Files.isRegularFile(file)) {
                throw new IOException(file + " is no plain file, and so no pid file; choose another");
            }
            Optional<Long> pid = read();
            if (pid.isPresent()
                    && !pid.equals(parent)
                    && pid.get() != ProcessHandle.current().pid()
                    && OtherInstance.isMeant(pid.get(), Files.getLastModifiedTime(file))) {
                throw new IOException("the pid file " + file + " names the running process " + pid.get()
                        + "; stop that process, or choose another file");
            }
        }
        removeLeftovers(folder, temporaryPrefix(file));
    }

    private static void removeLeftovers(Path folder, String prefix) {
        Pattern name = Pattern.compile(Pattern.quote(prefix) + "([1-9]\\d{0,9})");
        try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(
                folder,
                file -> name.matcher(String.valueOf(file.getFileName())).matches()
                        && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))) {
            for (Path leftover : leftovers) {
                String pid = String.valueOf(leftover.getFileName()).substring(prefix.length());
                if (ProcessHandle.of(Long.parseLong(pid)).isEmpty()) {
                    Files.deleteIfExists(leftover);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            Log.leftoversStay(folder, e); // Untidy, and no reason not to start.
        }
    }

    private Optional<Long> read() throws IOException {
        Path file = path.orElseThrow();
        String text;
        try {
            text = Files.readString(file).strip();
        } catch (IOException e) {
            throw new IOException("cannot read the pid file " + file + " ("
                    + e.getClass().getSimpleName() + "); remove it or choose another");
        }
        if (text.isEmpty()) {
            return Optional.empty(); // Made for us by somebody, or emptied by a crash of the machine.
        }
        try {
            return Optional.of(Long.valueOf(text));
        } catch (NumberFormatException e) {
            throw new IOException("the file " + file + " exists and holds no pid; remove it or choose another");
        }
    }

    /** Removes the file if it names this process: the service ends. */
    void remove() {
        try {
            if (path.isPresent()
                    && Files.exists(path.get())
                    && read().equals(Optional.of(ProcessHandle.current().pid()))) {
                Files.deleteIfExists(path.get());
            }
        } catch (IOException e) {
            Log.pathNotRemoved(path.orElseThrow(), e);
        }
    }
}
