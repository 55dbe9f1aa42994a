package dev.baton.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** File descriptors. Every method throws {@link PosixException} with the call's name when the kernel refuses. */
public final class Descriptors {
    private Descriptors() {}

    /** Closes the descriptor; whatever the kernel reports, it is closed afterwards. */
    public static void close(int descriptor) throws PosixException {
        Libc.Function.CLOSE.call(descriptor);
    }

    /** A second descriptor of the same open file description, close-on-exec. */
    public static int duplicate(int descriptor) throws PosixException {
        return Libc.Function.FCNTL.call(descriptor, Libc.F_DUPFD_CLOEXEC, 0);
    }

    /** The same, with a number of at least {@code least}. */
    public static int duplicate(int descriptor, int least) throws PosixException {
        return Libc.Function.FCNTL.call(descriptor, Libc.F_DUPFD_CLOEXEC, least);
    }

    /**
     * Has exec close this descriptor and all with higher numbers that are open now: close_range(2), Linux 5.11. The JDK
     * makes sockets that exec would leave open.
     */
    public static void closeOnExecFrom(int first) throws PosixException {
        Libc.Function.SYSCALL.call(Libc.SYS_CLOSE_RANGE, first, 0xffffffffL, Libc.CLOSE_RANGE_CLOEXEC);
    }

    /**
     * Waits until one of the descriptors can be read or has ended, or the time is over: poll(2).
     *
     * @param timeout in milliseconds; negative: for ever
     * @return which of them, in their order
     */
    public static boolean[] awaitReadable(int[] descriptors, int timeout) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment set = arena.allocate(8L * descriptors.length, 4);
            for (int i = 0; i < descriptors.length; i++) {
                set.set(ValueLayout.JAVA_INT, 8L * i, descriptors[i]);
                set.set(ValueLayout.JAVA_SHORT, 8L * i + 4, (short) Libc.POLLIN);
            }
            Libc.Function.POLL.call(set.address(), descriptors.length, timeout);
            boolean[] readable = new boolean[descriptors.length];
            for (int i = 0; i < descriptors.length; i++) {
                readable[i] = set.get(ValueLayout.JAVA_SHORT, 8L * i + 6) != 0;
            }
            return readable;
        }
    }

    /** Whether the descriptor is closed by exec; a property of the descriptor. */
    public static boolean isCloseOnExec(int descriptor) throws PosixException {
        return (Libc.Function.FCNTL.call(descriptor, Libc.F_GETFD, 0) & Libc.FD_CLOEXEC) != 0;
    }

    /** Has exec close the descriptor; a property of the descriptor. */
    public static void makeCloseOnExec(int descriptor) throws PosixException {
        Libc.Function.FCNTL.call(descriptor, Libc.F_SETFD, Libc.FD_CLOEXEC);
    }

    /** Whether reads and accepts return at once; a property of the open file description, shared by all processes. */
    public static boolean isNonBlocking(int descriptor) throws PosixException {
        return (Libc.Function.FCNTL.call(descriptor, Libc.F_GETFL, 0) & Libc.O_NONBLOCK) != 0;
    }

    /**
     * Makes {@code target} another descriptor of the same open file description, which is not closed by exec; what it was
     * before is closed in the same step, so that no other thread sees it closed.
     */
    public static void replace(int target, int descriptor) throws PosixException {
        Libc.Function.DUP2.call(descriptor, target);
    }

    /** The same, but closed by exec. */
    public static void replaceCloseOnExec(int target, int descriptor) throws PosixException {
        Libc.Function.DUP3.call(descriptor, target, Libc.O_CLOEXEC);
    }

    /** Makes reads and accepts return at once; a property of the open file description, shared by all processes. */
    public static void makeNonBlocking(int descriptor) throws PosixException {
        int flags = Libc.Function.FCNTL.call(descriptor, Libc.F_GETFL, 0);
        Libc.Function.FCNTL.call(descriptor, Libc.F_SETFL, flags | Libc.O_NONBLOCK);
    }

    /** Writes the first bytes of an array, all of them; waits for room. */
    public static void write(int descriptor, byte[] bytes, int count) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(count);
            MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, 0, count);
            for (int written = 0; written < count; ) {
                written += Libc.Function.WRITE.call(descriptor, buffer.address() + written, count - written);
            }
        }
    }

    /** Whether the descriptor is open, and open for writing. */
    public static boolean isWritable(int descriptor) throws PosixException {
        try {
            return (Libc.Function.FCNTL.call(descriptor, Libc.F_GETFL, 0) & Libc.O_ACCMODE) != Libc.O_RDONLY;
        } catch (PosixException e) {
            if (e.errno() == Errno.EBADF) {
                return false;
            }
            throw e;
        }
    }
}
