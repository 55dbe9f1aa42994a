package dev.baton.posix;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Sockets as descriptors. All that are made here are close-on-exec; each belongs to the caller, who closes it with
 * {@link Descriptors#close}. Every method throws {@link PosixException} with the call's name when the kernel refuses.
 */
public final class Sockets {
    /** The kinds of socket that Baton uses; socket(2). */
    public enum Type {
        STREAM(Libc.SOCK_STREAM),
        DATAGRAM(Libc.SOCK_DGRAM),
        /** Messages with boundaries, in order, over a connection: unix(7). */
        SEQPACKET(Libc.SOCK_SEQPACKET);

        private final int value;

        Type(int value) {
            this.value = value;
        }
    }

    /** The codes of linux/bpf_common.h, and how many bytes of a packet may pass. */
    private static final int LOAD_16_BITS_AT = 0x28;

    private static final int JUMP_IF_EQUAL = 0x15;
    private static final int RETURN = 0x06;
    private static final int DROP = 0;
    private static final int ALL = -1;

    private Sockets() {}

    /** A blocking Unix-domain socket. */
    public static int unix(Type type) throws PosixException {
        return Libc.Function.SOCKET.call(Libc.AF_UNIX, type.value | Libc.SOCK_CLOEXEC, 0);
    }

    /** A non-blocking stream socket of the address's family; an IPv6 one takes IPv4 connections too, as Java's do. */
    public static int streamFor(SocketAddress address) throws PosixException {
        return nonBlocking(Type.STREAM, address);
    }

    /** A non-blocking datagram socket of the address's family; an IPv6 one takes IPv4 datagrams too, as Java's do. */
    public static int datagramFor(SocketAddress address) throws PosixException {
        return nonBlocking(Type.DATAGRAM, address);
    }

    private static int nonBlocking(Type type, SocketAddress address) throws PosixException {
        int family = SocketAddresses.family(address);
        int socket = Libc.Function.SOCKET.call(family, type.value | Libc.SOCK_CLOEXEC | Libc.SOCK_NONBLOCK, 0);
        try {
            if (family == Libc.AF_INET6) {
                setOption(socket, Libc.IPPROTO_IPV6, Libc.IPV6_V6ONLY, 0);
            }
            return socket;
        } catch (PosixException e) {
            Descriptors.close(socket);
            throw e;
        }
    }

    /** Whether the kernel has IPv6: socket(2) fails with EAFNOSUPPORT where it was left out or switched off at boot. */
    public static boolean isIpv6Available() throws PosixException {
        try {
            Descriptors.close(Libc.Function.SOCKET.call(Libc.AF_INET6, Libc.SOCK_STREAM | Libc.SOCK_CLOEXEC, 0));
            return true;
        } catch (PosixException e) {
            if (e.errno() == Errno.EAFNOSUPPORT) {
                return false;
            }
            throw e;
        }
    }

    /** Two connected blocking Unix-domain sockets. */
    public static int[] pair(Type type) throws PosixException {
        return pair(type.value);
    }

    /** The same, non-blocking. */
    public static int[] nonBlockingPair(Type type) throws PosixException {
        return pair(type.value | Libc.SOCK_NONBLOCK);
    }

    private static int[] pair(int type) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pair = arena.allocate(ValueLayout.JAVA_INT, 2);
            Libc.Function.SOCKETPAIR.call(Libc.AF_UNIX, type | Libc.SOCK_CLOEXEC, 0, pair.address());
            return pair.toArray(ValueLayout.JAVA_INT);
        }
    }

    /**
     * Lets the socket bind a TCP port on which old connections are still in TIME_WAIT; socket(7). Never for a datagram
     * socket: two that have it share one port, and one of them gets the datagrams.
     */
    public static void reuseAddress(int socket) throws PosixException {
        setOption(socket, Libc.SOL_SOCKET, Libc.SO_REUSEADDR, 1);
    }

    public static void bind(int socket, SocketAddress address) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment encoded = SocketAddresses.encode(arena, address);
            Libc.Function.BIND.call(socket, encoded.address(), encoded.byteSize());
        }
    }

    /**
     * Binds a Unix socket to an abstract name that the kernel chooses (unix(7), "Autobind"): nothing is left behind in a
     * file system, however this process ends. Who may send to it the receiver has to decide: {@link #passCredentials}.
     */
    public static void bindAnywhere(int unixSocket) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment family = arena.allocateFrom(ValueLayout.JAVA_SHORT, (short) Libc.AF_UNIX);
            Libc.Function.BIND.call(unixSocket, family.address(), family.byteSize());
        }
    }

    public static void connect(int socket, SocketAddress address) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment encoded = SocketAddresses.encode(arena, address);
            Libc.Function.CONNECT.call(socket, encoded.address(), encoded.byteSize());
        }
    }

    /** Begins to listen, or, on a socket that listens, sets a new length of the queue. */
    public static void listen(int socket, int backlog) throws PosixException {
        Libc.Function.LISTEN.call(socket, backlog);
    }

    /** Takes the next connection; blocks if the socket does. */
    public static int accept(int socket) throws PosixException {
        return Libc.Function.ACCEPT4.call(socket, 0, 0, Libc.SOCK_CLOEXEC);
    }

    /**
     * Lets no packet reach a socket any more, by a filter of socket(7), SO_ATTACH_FILTER, that drops each: nobody can
     * connect to a listener of IP then, as if its port were behind a firewall.
     */
    public static void dropEverything(int socket) throws PosixException {
        filter(socket, instruction(RETURN, 0, 0, DROP));
    }

    /**
     * The same, but for segments of TCP that come from this port. A connection that is made so keeps the filter that the
     * listener had.
     */
    public static void dropAllButFrom(int socket, int port) throws PosixException {
        // What a filter of a TCP socket sees begins with the TCP header, and that with the port that sent it.
        filter(
                socket,
                instruction(LOAD_16_BITS_AT, 0, 0, 0),
                instruction(JUMP_IF_EQUAL, 0, 1, port),
                instruction(RETURN, 0, 0, ALL),
                instruction(RETURN, 0, 0, DROP));
    }

    /** struct sock_filter {code:2 jt:1 jf:1 k:4}, both platforms being little-endian. */
    private static long instruction(int code, int onTrue, int onFalse, int operand) {
        return code | (long) onTrue << 16 | (long) onFalse << 24 | (long) operand << 32;
    }

    private static void filter(int socket, long... instructions) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            // struct sock_fprog {len:2 pad:6 filter:8}.
            MemorySegment program = arena.allocate(16, 8);
            program.set(ValueLayout.JAVA_SHORT, 0, (short) instructions.length);
            program.set(
                    ValueLayout.JAVA_LONG,
                    8,
                    arena.allocateFrom(ValueLayout.JAVA_LONG, instructions).address());
            Libc.Function.SETSOCKOPT.call(
                    socket, Libc.SOL_SOCKET, Libc.SO_ATTACH_FILTER, program.address(), program.byteSize());
        }
    }

    /**
     * Ends both directions of a connection in <em>every</em> process that shares it, and wakes who waits for it; never
     * for a listener that another process uses.
     */
    public static void shutdown(int socket) throws PosixException {
        Libc.Function.SHUTDOWN.call(socket, Libc.SHUT_RDWR);
    }

    /** The address the socket is bound to. */
    public static SocketAddress localAddress(int socket) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(SocketAddresses.MAX_SIZE, 8);
            MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, SocketAddresses.MAX_SIZE);
            Libc.Function.GETSOCKNAME.call(socket, address.address(), length.address());
            return SocketAddresses.decode(address, length.get(ValueLayout.JAVA_INT, 0));
        }
    }

    /** Whether the socket listens: SO_ACCEPTCONN of socket(7). */
    public static boolean isListening(int socket) throws PosixException {
        return option(socket, Libc.SO_ACCEPTCONN) != 0;
    }

    /**
     * The descriptor of this process that listens at an address of the Internet: the way from a socket of the JDK, which
     * does not tell its descriptor, to the descriptor. Whoever asks makes sure that the socket stays open meanwhile, and has
     * no duplicate.
     *
     * @throws IOException if there is none
     */
    public static int listenerAt(InetSocketAddress address) throws IOException {
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path each : descriptors) {
                int descriptor = Integer.parseInt(each.getFileName().toString());
                if (listensAt(descriptor, address)) {
                    return descriptor;
                }
            }
        }
        throw new IOException("no descriptor of this process listens at " + address);
    }

    private static boolean listensAt(int descriptor, InetSocketAddress address) throws IOException {
        try {
            return isListening(descriptor)
                    && localAddress(descriptor) instanceof InetSocketAddress local
                    && local.getPort() == address.getPort()
                    // Of an IPv4-mapped address this makes one of IPv4, which is what the JDK says of its own sockets.
                    && InetAddress.getByAddress(local.getAddress().getAddress()).equals(address.getAddress());
        } catch (PosixException e) {
            if (e.errno() == Errno.ENOTSOCK || e.errno() == Errno.EBADF) {
                return false; // A file, or what another thread has closed since the directory was read.
            }
            throw e;
        }
    }

    /** Whether the socket is a stream of the address's family. */
    public static boolean isStreamFor(int socket, SocketAddress address) throws PosixException {
        return isOf(Type.STREAM, socket, address);
    }

    /** Whether the socket is one for datagrams, of the address's family. */
    public static boolean isDatagramFor(int socket, SocketAddress address) throws PosixException {
        return isOf(Type.DATAGRAM, socket, address);
    }

    private static boolean isOf(Type type, int socket, SocketAddress address) throws PosixException {
        return option(socket, Libc.SO_TYPE) == type.value
                && option(socket, Libc.SO_DOMAIN) == SocketAddresses.family(address);
    }

    public static PeerCredentials peerCredentials(int socket) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment credentials = arena.allocate(ValueLayout.JAVA_INT, 3);
            getOption(socket, Libc.SO_PEERCRED, arena, credentials);
            return PeerCredentials.of(credentials);
        }
    }

    /** Has the kernel name the sender of each message that comes from now on: {@link Messages#receiveSigned}. */
    public static void passCredentials(int socket) throws PosixException {
        setOption(socket, Libc.SOL_SOCKET, Libc.SO_PASSCRED, 1);
    }

    /** Bounds each blocking receive, accept and send from now on: they fail with {@link Errno#EAGAIN}; zero: no bound. */
    public static void setTimeout(int socket, Duration timeout) throws PosixException {
        setTimeout(socket, timeout, Libc.SO_RCVTIMEO);
        setTimeout(socket, timeout, Libc.SO_SNDTIMEO);
    }

    /** The same for sends alone. */
    public static void setSendTimeout(int socket, Duration timeout) throws PosixException {
        setTimeout(socket, timeout, Libc.SO_SNDTIMEO);
    }

    private static void setTimeout(int socket, Duration timeout, int option) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment timeval = arena.allocate(ValueLayout.JAVA_LONG, 2);
            timeval.setAtIndex(ValueLayout.JAVA_LONG, 0, timeout.toSeconds());
            timeval.setAtIndex(ValueLayout.JAVA_LONG, 1, timeout.toNanosPart() / 1_000);
            Libc.Function.SETSOCKOPT.call(socket, Libc.SOL_SOCKET, option, timeval.address(), timeval.byteSize());
        }
    }

    private static int option(int socket, int option) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(ValueLayout.JAVA_INT);
            getOption(socket, option, arena, value);
            return value.get(ValueLayout.JAVA_INT, 0);
        }
    }

    private static void getOption(int socket, int option, Arena arena, MemorySegment value) throws PosixException {
        getOption(socket, Libc.SOL_SOCKET, option, arena, value);
    }

    static void getOption(int socket, int level, int option, Arena arena, MemorySegment value) throws PosixException {
        MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, (int) value.byteSize());
        Libc.Function.GETSOCKOPT.call(socket, level, option, value.address(), length.address());
    }

    private static void setOption(int socket, int level, int option, int value) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocateFrom(ValueLayout.JAVA_INT, value);
            Libc.Function.SETSOCKOPT.call(socket, level, option, segment.address(), segment.byteSize());
        }
    }
}
