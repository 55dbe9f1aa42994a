package dev.baton.posix;

/** The errors of errno(3) that Baton tells apart; the numbers are those of Linux' {@code asm-generic/errno.h}. */
public enum Errno {
    EPERM(1, "operation not permitted"),
    ENOENT(2, "no such file or directory"),
    ESRCH(3, "no such process"),
    EINTR(4, "interrupted system call"),
    E2BIG(7, "argument list too long"),
    ENOEXEC(8, "not a program"),
    EBADF(9, "bad file descriptor"),
    ECHILD(10, "no child processes"),
    EAGAIN(11, "resource temporarily unavailable"),
    EACCES(13, "permission denied"),
    EEXIST(17, "exists already"),
    ENOTDIR(20, "not a directory"),
    EINVAL(22, "invalid argument"),
    ENFILE(23, "too many open files in the system"),
    EMFILE(24, "too many open files in this process"),
    EPIPE(32, "broken pipe"),
    ENAMETOOLONG(36, "name too long"),
    ENOSYS(38, "not known to this kernel"),
    ELOOP(40, "too many symbolic links"),
    ENOTSOCK(88, "not a socket"),
    EMSGSIZE(90, "message too long"),
    EPROTOTYPE(91, "socket of another type"),
    ENOPROTOOPT(92, "option not known to this protocol"),
    EOPNOTSUPP(95, "not supported by this kind of socket"),
    EAFNOSUPPORT(97, "address family not supported"),
    EADDRINUSE(98, "address already in use"),
    EADDRNOTAVAIL(99, "address not available on this machine"),
    ECONNRESET(104, "connection reset by peer"),
    ETOOMANYREFS(109, "too many descriptors in flight"),
    ECONNREFUSED(111, "connection refused"),
    OTHER(-1, "unknown error");

    private final int number;
    private final String meaning;

    Errno(int number, String meaning) {
        this.number = number;
        this.meaning = meaning;
    }

    static Errno of(int number) {
        for (Errno errno : values()) {
            if (errno.number == number) {
                return errno;
            }
        }
        return OTHER;
    }

    static String describe(int number) {
        Errno errno = of(number);
        return errno == OTHER ? "errno " + number : errno.meaning + " (" + errno + ")";
    }
}
