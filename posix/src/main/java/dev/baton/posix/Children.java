package dev.baton.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * The children of this process. A JVM that uses {@code java.lang.Process} has another reaper, and the two would take each
 * other's children: use one or the other.
 */
public final class Children {
    /** {@code siginfo_t}: signo:4 errno:4 code:4 pad:4 pid:4 uid:4 status:4, 128 bytes in all. */
    private static final int SIGINFO_SIZE = 128;

    private static final int PID = 16;

    private Children() {}

    /** Descendants whose parent ends become children of this process: PR_SET_CHILD_SUBREAPER of prctl(2). */
    public static void adoptOrphans() throws PosixException {
        Libc.Function.PRCTL.call(Libc.PR_SET_CHILD_SUBREAPER, 1);
    }

    /** What is to be known of children at a moment. */
    public sealed interface Look {
        /** One has ended and waits for {@link Children#reap}: until then its pid is nobody else's. */
        record Ended(int pid) implements Look {}

        /** None has ended, and there are some. */
        record Running() implements Look {}

        /** There are none, so there is no descendant either that would become one. */
        record None() implements Look {}
    }

    /** Looks for a child that has ended, and leaves it as it is; returns at once. */
    public static Look look() throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(SIGINFO_SIZE, 8);
            Libc.Function.WAITID.call(Libc.P_ALL, 0, info.address(), Libc.WEXITED | Libc.WNOHANG | Libc.WNOWAIT);
            int pid = info.get(ValueLayout.JAVA_INT, PID);
            return pid == 0 ? new Look.Running() : new Look.Ended(pid);
        } catch (PosixException e) {
            if (e.errno() == Errno.ECHILD) {
                return new Look.None();
            }
            throw e;
        }
    }

    /** Takes the status of a child that has ended: that of its exit, or 128 plus the number of the signal. */
    public static int reap(int pid) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(ValueLayout.JAVA_INT);
            Libc.Function.WAITPID.call(pid, status.address(), 0);
            int word = status.get(ValueLayout.JAVA_INT, 0);
            int signal = word & 0x7f;
            return signal == 0 ? word >>> 8 & 0xff : 128 + signal;
        }
    }

    /**
     * A descriptor of a process, which can be read when it has ended: pidfd_open(2), Linux 5.3. Empty if there is no such
     * process, or the number is that of a thread; the caller's to close, and close-on-exec.
     */
    public static Optional<Integer> open(int pid) throws PosixException {
        try {
            return Optional.of(Libc.Function.SYSCALL.call(Libc.SYS_PIDFD_OPEN, pid, 0));
        } catch (PosixException e) {
            // A thread that leads no process is ENOENT, before Linux 6.9 EINVAL.
            if (e.errno() == Errno.ESRCH || e.errno() == Errno.ENOENT || e.errno() == Errno.EINVAL) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /**
     * Sends a signal of signal(7) to that process and no other that has its pid by now; nothing if it has ended, or has
     * become another user's (setuid).
     */
    public static void signal(int pidDescriptor, int number) throws PosixException {
        try {
            Libc.Function.SYSCALL.call(Libc.SYS_PIDFD_SEND_SIGNAL, pidDescriptor, number, 0, 0);
        } catch (PosixException e) {
            if (e.errno() != Errno.ESRCH && e.errno() != Errno.EPERM) {
                throw e;
            }
        }
    }
}
