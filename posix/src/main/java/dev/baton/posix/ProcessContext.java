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
