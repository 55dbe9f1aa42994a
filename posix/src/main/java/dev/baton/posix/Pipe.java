package dev.baton.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A pipe of pipe(7), close-on-exec at both ends. Reads do not wait, so that several may read: {@link #awaitReadable} waits.
 *
 * @param reader the descriptor to read from, the caller's to close
 * @param writer the descriptor to write to, which waits for room; the caller's to close
 */
public record Pipe(int reader, int writer) {
    /** What {@link #read} returns when nobody can write any more and everything was read. */
    public static final int END = -1;

    private static final int POLLFD_SIZE = 8;
    private static final int FOR_EVER = -1;

    /** Makes a pipe. */
    public static Pipe open() throws PosixException {
        Pipe pipe;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ends = arena.allocate(8, 4);
            Libc.Function.PIPE2.call(ends.address(), Libc.O_CLOEXEC);
            pipe = new Pipe(ends.get(ValueLayout.JAVA_INT, 0), ends.get(ValueLayout.JAVA_INT, 4));
        }
        Libc.Function.FCNTL.call(pipe.reader, Libc.F_SETFL, Libc.O_NONBLOCK);
        return pipe;
    }

    /**
     * Reads what is there.
     *
     * @return the number of bytes, 0 if there is none at this moment, {@link #END} if there never will be
     */
    public static int read(int reader, byte[] buffer) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(buffer.length);
            int count = Libc.Function.READ.call(reader, bytes.address(), buffer.length);
            MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, 0, buffer, 0, count);
            return count == 0 ? END : count;
        } catch (PosixException e) {
            if (e.errno() == Errno.EAGAIN) {
                return 0;
            }
            throw e;
        }
    }

    /** Waits until {@link #read} returns something, if no other reader is faster. */
    public static void awaitReadable(int reader) throws PosixException {
        poll(reader, Libc.POLLIN, FOR_EVER);
    }

    /** Whether a descriptor for writing leads to a pipe that nobody can read any more: a write would fail. */
    public static boolean isBroken(int writer) throws PosixException {
        return (poll(writer, 0, 0) & Libc.POLLERR) != 0;
    }

    /** poll(2) of one descriptor: {@code struct pollfd} is {@code fd:4 events:2 revents:2}. */
    private static int poll(int descriptor, int events, int timeout) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pollfd = arena.allocate(POLLFD_SIZE, 4);
            pollfd.set(ValueLayout.JAVA_INT, 0, descriptor);
            pollfd.set(ValueLayout.JAVA_SHORT, 4, (short) events);
            Libc.Function.POLL.call(pollfd.address(), 1, timeout);
            return pollfd.get(ValueLayout.JAVA_SHORT, 6);
        }
    }
}
