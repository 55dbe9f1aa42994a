package dev.baton;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A process, told from all others that had or will have its pid.
 *
 * @param startTicks when it was started, in ticks since the boot (proc_pid_stat(5), field 22)
 */
record ProcessIdentity(long pid, long startTicks) {

    /** The process that has this pid now; empty if it has ended, or nothing can be learnt of it. */
    static Optional<ProcessIdentity> of(long pid) {
        try {
            return read(pid);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Empty if it has ended. */
    private static Optional<ProcessIdentity> read(long pid) throws IOException {
        Path process = Path.of("/proc/" + pid);
        try {
            String stat = Files.readString(process.resolve("stat"));
            // The second field is the program's name in parentheses, which may contain anything.
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return fields[0].equals("Z")
                    ? Optional.empty()
                    : Optional.of(new ProcessIdentity(pid, Long.parseLong(fields[19])));
        } catch (IOException e) {
            if (Files.exists(process)) {
                throw e;
            }
            return Optional.empty();
        }
    }

    /** Whether it has not ended; a zombie has. True if that cannot be learnt, for want of a descriptor, say. */
    boolean isAlive() {
        try {
            return read(pid).equals(Optional.of(this));
        } catch (IOException e) {
            return true;
        }
    }

    /** Ends it by SIGKILL if it has not ended. */
    void kill() {
        if (isAlive()) {
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
    }
}
