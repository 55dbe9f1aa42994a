package dev.baton.posix;

import java.lang.foreign.Arena;

/** What the kernel and the C library know of this process. */
public final class ProcessContext {
    private ProcessContext() {}

    /** The effective user id. */
    public static int effectiveUserId() throws PosixException {
        return Libc.Function.GETEUID.call();
    }

    /**
     * Lets a signal of signal(7) do nothing, of which the JVM was told to leave it alone ({@code -Xrs}) and that would end
     * the process.
     *
     * <p>It is caught, not ignored: what is ignored stays so in all programs that this process starts, what is caught does
     * not (execve(2)). The handler has to be native code, because a signal may come to any thread at any instruction; and
     * what takes an {@code int}, gives none that anybody looks at, and touches nothing else, is abs(3).
     */
    public static void surviveSignal(int number) throws PosixException {
        Libc.Function.SIGNAL.call(number, Libc.Native.ABS);
    }

    /** Gives a signal its default effect: SIG_DFL of signal(2). What ends the process by it does, until it is handled. */
    public static void restoreDefault(int number) throws PosixException {
        Libc.Function.SIGNAL.call(number, 0);
    }

    /**
     * Removes a variable from the C library's environment, which a child process inherits.
     *
     * <p>{@code System.getenv} keeps what it read when it was first called; so call this before. environ(7) is not safe
     * against a {@code getenv} of another thread at the same moment: call it early in {@code main}.
     */
    public static void unsetEnvironment(String name) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            Libc.Function.UNSETENV.call(arena.allocateFrom(name).address());
        }
    }
}
