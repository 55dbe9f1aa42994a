package dev.baton.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * Calls of the C library.
 *
 * <p>All of them go through one downcall handle of six {@code long}s: a handle of its own for each signature would cost
 * half a second at start (EVIDENCE.md, "JDK"). That is sound because both platforms pass integers and pointers alike in
 * registers and a callee that takes fewer, or narrower, arguments ignores the rest; variadic functions are no exception
 * as long as no floating-point argument is among them. A result of C's {@code int} is narrowed by the caller.
 *
 * <p>{@code errno} is captured by the linker as part of each call, so no other thread and nothing that the JVM does in
 * between can change it.
 */
final class Libc {
    static final int AF_UNIX = 1;
    static final int AF_INET = 2;
    static final int AF_INET6 = 10;

    static final int SOCK_STREAM = 1;
    static final int SOCK_DGRAM = 2;
    static final int SOCK_SEQPACKET = 5;
    static final int SOCK_NONBLOCK = 0x800;
    static final int SOCK_CLOEXEC = 0x80000;

    static final int SOL_SOCKET = 1;
    static final int SO_REUSEADDR = 2;
    static final int SO_TYPE = 3;
    static final int SO_PASSCRED = 16;
    static final int SO_PEERCRED = 17;
    static final int SO_RCVTIMEO = 20;
    static final int SO_SNDTIMEO = 21;
    static final int SO_ACCEPTCONN = 30;
    static final int SO_DOMAIN = 39;
    static final int SO_ATTACH_FILTER = 26;
    static final int SCM_RIGHTS = 1;
    static final int SCM_CREDENTIALS = 2;
    static final int IPPROTO_TCP = 6;
    static final int TCP_INFO = 11;
    static final int IPPROTO_IPV6 = 41;
    static final int IPV6_V6ONLY = 26;

    static final int MSG_CTRUNC = 0x8;
    static final int MSG_TRUNC = 0x20;
    static final int MSG_DONTWAIT = 0x40;
    static final int MSG_NOSIGNAL = 0x4000;
    static final int MSG_CMSG_CLOEXEC = 0x40000000;

    static final int SHUT_RDWR = 2;
    static final int F_GETFD = 1;
    static final int F_SETFD = 2;
    static final int F_GETFL = 3;
    static final int F_SETFL = 4;
    static final int F_DUPFD_CLOEXEC = 1030;
    static final int FD_CLOEXEC = 1;
    static final int O_ACCMODE = 3;
    static final int O_RDONLY = 0;
    static final int O_RDWR = 2;
    static final int O_CREAT = 0x40;
    static final int O_NONBLOCK = 0x800;
    static final int O_CLOEXEC = 0x80000;

    /** The two platforms have their own numbers for this flag, which asm-generic leaves to them. */
    static final int O_NOFOLLOW_X86_64 = 0x20000;

    static final int O_NOFOLLOW_AARCH64 = 0x8000;
    static final int LOCK_EX = 2;
    static final int LOCK_NB = 4;

    static final int EPOLL_CTL_ADD = 1;
    static final int EPOLL_CTL_DEL = 2;
    static final int EPOLL_CTL_MOD = 3;

    static final int POLLIN = 1;

    static final int P_ALL = 0;
    static final int WNOHANG = 1;
    static final int WEXITED = 4;
    static final int WNOWAIT = 0x1000000;
    static final int PR_SET_CHILD_SUBREAPER = 36;

    /** Calls that came when all architectures had begun to number new ones alike. */
    static final int SYS_PIDFD_SEND_SIGNAL = 424;

    static final int SYS_PIDFD_OPEN = 434;
    static final int SYS_CLOSE_RANGE = 436;
    static final int CLOSE_RANGE_CLOEXEC = 4;

    static final int POSIX_SPAWN_SETPGROUP = 0x02;
    static final int POSIX_SPAWN_SETSIGMASK = 0x08;
    static final int POLLERR = 8;

    private Libc() {}

    /**
     * What is linked, once. Every call checks the platform before it comes here: a check in the initialiser would reach
     * the caller as ExceptionInInitializerError, and as NoClassDefFoundError the next time.
     */
    static final class Native {
        static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
        static final long ERRNO_OFFSET = CAPTURE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));
        static final Map<Function, Long> ADDRESSES = addresses();

        static final MethodHandle CALL = NativeAccess.downcallHandle(
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG),
                Linker.Option.captureCallState("errno"));

        /** See {@link ProcessContext#surviveSignal}. */
        static final long ABS =
                Linker.nativeLinker().defaultLookup().findOrThrow("abs").address();

        private Native() {}

        private static Map<Function, Long> addresses() {
            SymbolLookup library = Linker.nativeLinker().defaultLookup();
            Map<Function, Long> addresses = new EnumMap<>(Function.class);
            for (Function function : Function.values()) {
                addresses.put(function, library.findOrThrow(function.symbol).address());
            }
            return addresses;
        }
    }

    /** A function of the C library. */
    enum Function {
        ACCEPT4("accept4"),
        BIND("bind"),
        CLOSE("close"),
        CONNECT("connect"),
        DUP2("dup2"),
        DUP3("dup3"),
        EPOLL_CTL("epoll_ctl"),
        EXECVE("execve"),
        FCNTL("fcntl"),
        FLOCK("flock"),
        GETEUID("geteuid"),
        GETSOCKNAME("getsockname"),
        GETSOCKOPT("getsockopt"),
        LISTEN("listen"),
        OPEN("open"),
        PIPE2("pipe2"),
        POLL("poll"),
        POSIX_SPAWNATTR_DESTROY("posix_spawnattr_destroy"),
        POSIX_SPAWNATTR_INIT("posix_spawnattr_init"),
        POSIX_SPAWNATTR_SETFLAGS("posix_spawnattr_setflags"),
        POSIX_SPAWNATTR_SETPGROUP("posix_spawnattr_setpgroup"),
        POSIX_SPAWNATTR_SETSIGMASK("posix_spawnattr_setsigmask"),
        POSIX_SPAWNP("posix_spawnp"),
        POSIX_SPAWN_FILE_ACTIONS_ADDDUP2("posix_spawn_file_actions_adddup2"),
        POSIX_SPAWN_FILE_ACTIONS_DESTROY("posix_spawn_file_actions_destroy"),
        POSIX_SPAWN_FILE_ACTIONS_INIT("posix_spawn_file_actions_init"),
        PRCTL("prctl"),
        READ("read"),
        RECVMSG("recvmsg"),
        SENDMSG("sendmsg"),
        SETSOCKOPT("setsockopt"),
        SHUTDOWN("shutdown"),
        SIGNAL("signal"),
        SOCKET("socket"),
        SOCKETPAIR("socketpair"),
        SYSCALL("syscall"),
        UNSETENV("unsetenv"),
        WAITID("waitid"),
        WAITPID("waitpid"),
        WRITE("write");

        private final String symbol;

        Function(String symbol) {
            this.symbol = symbol;
        }

        /** Calls a function that returns 0 or an error, as those of posix_spawn(3) do. */
        void callForError(long... arguments) throws PosixException {
            int error = call(arguments);
            if (error != 0) {
                throw new PosixException(symbol, error);
            }
        }

        /**
         * Calls the function; a call that a signal interrupts is made again, as with SA_RESTART.
         *
         * @return the result, never -1
         * @throws PosixException if the function returned -1
         * @throws UnsupportedOperationException on a platform that this module does not know
         */
        int call(long... arguments) throws PosixException {
            Platform.current();
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment state = arena.allocate(Native.CAPTURE);
                while (true) {
                    int result = (int) invoke(state, arguments);
                    if (result != -1) {
                        return result;
                    }
                    int errno = state.get(ValueLayout.JAVA_INT, Native.ERRNO_OFFSET);
                    // close(2): Linux has released the descriptor even when it reports EINTR; a second call could
                    // close one that another thread has just been given.
                    if (Errno.of(errno) != Errno.EINTR || this == CLOSE) {
                        throw new PosixException(symbol, errno);
                    }
                }
            }
        }

        private long invoke(MemorySegment state, long[] arguments) {
            return Libc.invoke(Objects.requireNonNull(Native.ADDRESSES.get(this)), state, arguments);
        }
    }

    /** Calls a function that not every C library has and that says by its result how it went. */
    static int callAt(long address, long... arguments) {
        Platform.current();
        try (Arena arena = Arena.ofConfined()) {
            return (int) invoke(address, arena.allocate(Native.CAPTURE), arguments);
        }
    }

    private static long invoke(long address, MemorySegment state, long[] arguments) {
        long[] a = arguments.length == 6 ? arguments : Arrays.copyOf(arguments, 6);
        try {
            MemorySegment function = MemorySegment.ofAddress(address);
            return (long) Native.CALL.invokeExact(function, state, a[0], a[1], a[2], a[3], a[4], a[5]);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a downcall handle throws nothing that is checked", e);
        }
    }
}
