package dev.baton;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;

/**
 * The published pid. It is replaced by rename(2), so that a reader finds the old or the new content and never an empty
 * file or none.
 */
final class PidFile {
    private final Optional<Path> path;

    PidFile(Optional<Path> path) {
        this.path = path;
    }

    /** Publishes a process. */
    void write(long pid) throws IOException {
        if (path.isPresent()) {
            Path file = path.get();
            // One name for each writer: parent and successor may both write when the parent dies.
            Path next = file.resolveSibling(
                    file.getFileName() + "." + ProcessHandle.current().pid());
            Files.writeString(next, pid + "\n");
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    /**
     * Fails if the file names another instance of this service that is not {@code parent}, or cannot be written: better
     * at start than at the first restart.
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
            Optional<Long> pid = read();
            if (pid.isPresent() && !pid.equals(parent) && isAnotherInstance(pid.get())) {
                throw new IOException("the pid file " + file + " names the running process " + pid.get()
                        + "; stop that process, or choose another file");
            }
        }
    }

    /**
     * Whether the process is another instance of this service.
     *
     * <p>The kernel gives numbers out again, after a reboot from the start: under an old one any program may run by now,
     * and very well another service on the same JVM. So the process counts only if it was started with the same words
     * as this one. The doubt goes to the start: a file that is wrongly replaced costs little, because the ports of a
     * living instance are in use and the start ends there, and a service that does not come up after a reboot costs much.
     * The control socket of the process would be no better a witness: each of the user's services has one, in the same
     * folder.
     */
    private static boolean isAnotherInstance(long pid) throws IOException {
        return pid != ProcessHandle.current().pid() && Arrays.equals(words(pid), CommandLine.block());
    }

    /** The words of a process, as {@link CommandLine#block()}; empty if it has ended or hides them from this user. */
    private static byte[] words(long pid) {
        try {
            return Files.readAllBytes(Path.of("/proc/" + pid + "/cmdline"));
        } catch (IOException e) {
            return new byte[0];
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
