package dev.baton.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Sets of epoll(7) that somebody else in this process has made: epoll_ctl(2) on them. Every method throws
 * {@link PosixException} when the kernel refuses.
 */
public final class Epoll {
    /** A descriptor that can be read, or accepted from. */
    public static final int IN = 0x1;

    /** What is reported once is not watched any more until {@link #modify} says so. */
    public static final int ONE_SHOT = 1 << 30;

    private Epoll() {}

    /** Watches a descriptor that is not watched by this set; {@link Errno#EEXIST} if it is. */
    public static void add(int set, int descriptor, int events, long data) throws PosixException {
        control(set, Libc.EPOLL_CTL_ADD, descriptor, events, data);
    }

    /** Changes what is watched of a descriptor; {@link Errno#ENOENT} if it is not watched. */
    public static void modify(int set, int descriptor, int events, long data) throws PosixException {
        control(set, Libc.EPOLL_CTL_MOD, descriptor, events, data);
    }

    /** Ends the watch; {@link Errno#ENOENT} if there is none. */
    public static void remove(int set, int descriptor) throws PosixException {
        control(set, Libc.EPOLL_CTL_DEL, descriptor, 0, 0);
    }

    /** {@code struct epoll_event}: events:4, data:8; packed on x86-64 alone. */
    private static void control(int set, int operation, int descriptor, int events, long data) throws PosixException {
        long dataOffset = Platform.current() == Platform.LINUX_X86_64 ? 4 : 8;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment event = arena.allocate(16, 8);
            event.set(ValueLayout.JAVA_INT, 0, events);
            event.set(ValueLayout.JAVA_LONG_UNALIGNED, dataOffset, data);
            Libc.Function.EPOLL_CTL.call(set, operation, descriptor, event.address());
        }
    }
}
