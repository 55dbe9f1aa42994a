package dev.baton.posix;

import java.io.IOException;

/** A system call that failed: its name, its {@code errno}, and what that means. */
public final class PosixException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String call;
    private final Errno errno;
    private final int number;

    PosixException(String call, int number) {
        super(call + ": " + Errno.describe(number));
        this.call = call;
        this.errno = Errno.of(number);
        this.number = number;
    }

    /** The name of the system call, as in section 2 of the manual. */
    public String call() {
        return call;
    }

    /** The error, {@link Errno#OTHER} where it is none that Baton tells apart. */
    public Errno errno() {
        return errno;
    }

    /** The number of the error as the kernel gave it. */
    public int number() {
        return number;
    }
}
