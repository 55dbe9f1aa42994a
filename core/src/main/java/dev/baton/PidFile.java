package dev.baton;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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
     * Fails if the file names a living process that is neither this one nor {@code parent}, or cannot be written: better
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
            if (pid.isPresent() && !pid.equals(parent) && isAnotherProcess(pid.get())) {
                throw new IOException("the pid file " + file + " names the running process " + pid.get()
                        + "; stop that process, or choose another file");
            }
        }
    }

    /** The kernel gives numbers out again, so what runs under an old one counts only if it is the same program. */
    private static boolean isAnotherProcess(long pid) {
        ProcessHandle self = ProcessHandle.current();
        return pid != self.pid()
                && ProcessHandle.of(pid)
                        .filter(ProcessHandle::isAlive)
                        .flatMap(process -> process.info().command())
                        .equals(self.info().command());
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
