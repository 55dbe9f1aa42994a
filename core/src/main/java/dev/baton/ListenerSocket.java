package dev.baton;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Errno;
import dev.baton.posix.LockFile;
import dev.baton.posix.PosixException;
import dev.baton.posix.Sockets;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/** A listener as a descriptor, which it owns. The lock guards the descriptor against use after close. */
final class ListenerSocket implements Listener {
    private static final int CLOSED = -1;
    private static final SocketAddress IPV6 = new InetSocketAddress(ipv6(), 0);

    /** S_IFMT and S_IFSOCK of inode(7). */
    private static final int FILE_TYPE = 0170000;

    private static final int SOCKET = 0140000;

    private final ListenAddress address;
    private final SocketAddress localAddress;
    private final boolean inherited;
    private final Consumer<ListenerSocket> closer;
    private final Object lock = new Object();
    private int descriptor;

    private ListenerSocket(ListenAddress address, int descriptor, boolean inherited, Consumer<ListenerSocket> closer)
            throws IOException {
        this.address = address;
        this.localAddress = Sockets.localAddress(descriptor);
        this.inherited = inherited;
        this.closer = closer;
        this.descriptor = descriptor;
    }

    /**
     * Binds, and listens if connections are to come.
     *
     * @param closer what {@link #close()} means to the owner of the listener: {@link #end} in the end
     */
    static ListenerSocket bind(ListenAddress address, int backlog, Consumer<ListenerSocket> closer)
            throws ListenException {
        try {
            return bound(address, socketAddress(address), backlog, closer);
        } catch (PosixException e) {
            throw new ListenException(address, e);
        } catch (IOException | IllegalArgumentException e) {
            ListenException failure = new ListenException(address, String.valueOf(e.getMessage()));
            failure.initCause(e);
            throw failure;
        }
    }

    private static ListenerSocket bound(
            ListenAddress address, SocketAddress socketAddress, int backlog, Consumer<ListenerSocket> closer)
            throws IOException {
        int descriptor = address instanceof ListenAddress.Udp
                ? Sockets.datagramFor(socketAddress)
                : Sockets.streamFor(socketAddress);
        boolean done = false;
        try {
            switch (address) {
                case ListenAddress.Unix unix -> {
                    try (LockFile _ = LockFile.acquire(lockFile(unix.path()))) {
                        removeIfStale(unix.path());
                        bindAndListen(address, socketAddress, descriptor, backlog);
                    }
                }
                case ListenAddress.Tcp _ -> {
                    Sockets.reuseAddress(descriptor);
                    bindAndListen(address, socketAddress, descriptor, backlog);
                }
                // Without SO_REUSEADDR: a second service at this port is to fail, not to take half of what comes.
                case ListenAddress.Udp _ -> Sockets.bind(descriptor, socketAddress);
            }
            ListenerSocket listener = new ListenerSocket(address, descriptor, false, closer);
            done = true;
            return listener;
        } finally {
            if (!done) {
                Descriptors.close(descriptor);
            }
        }
    }

    private static void bindAndListen(ListenAddress address, SocketAddress socketAddress, int descriptor, int backlog)
            throws PosixException {
        Sockets.bind(descriptor, socketAddress);
        try {
            Sockets.listen(descriptor, backlog);
        } catch (PosixException e) {
            removePath(address);
            throw e;
        }
    }

    private static Path lockFile(Path path) {
        return path.resolveSibling("." + path.getFileName() + ".lock");
    }

    /**
     * Takes over a descriptor that the parent passed, if it is what the parent said: a stream that listens, or one for
     * datagrams, of the address's family, and bound to the address.
     *
     * @throws IOException if it is anything else; the descriptor is then still the caller's
     */
    static ListenerSocket adopt(ListenAddress address, int descriptor, Consumer<ListenerSocket> closer)
            throws IOException {
        SocketAddress requested = socketAddress(address);
        boolean fits = address instanceof ListenAddress.Udp
                ? isOf(Sockets::isDatagramFor, descriptor, requested)
                : isOf(Sockets::isStreamFor, descriptor, requested) && Sockets.isListening(descriptor);
        if (!fits) {
            throw new IOException("the parent passed something else than a listener for " + address.key());
        }
        ListenerSocket listener = new ListenerSocket(address, descriptor, true, closer);
        if (!matches(requested, listener.localAddress)) {
            throw new IOException("the parent passed " + listener.localAddress + " as " + address.key());
        }
        return listener;
    }

    /** Whether a descriptor is bound to this address. */
    static boolean isAt(ListenAddress address, int descriptor) {
        try {
            return matches(socketAddress(address), Sockets.localAddress(descriptor));
        } catch (IOException | IllegalArgumentException e) {
            return false;
        }
    }

    /** What a socket is one of. */
    @FunctionalInterface
    private interface Kind {
        boolean includes(int descriptor, SocketAddress address) throws PosixException;
    }

    /** Whether it is of the address's family, or of IPv6 where the address is one of IPv4: the JDK's own are. */
    private static boolean isOf(Kind kind, int descriptor, SocketAddress requested) throws PosixException {
        return kind.includes(descriptor, requested)
                || (requested instanceof InetSocketAddress wanted
                        && wanted.getAddress() instanceof Inet4Address
                        && !wanted.getAddress().isAnyLocalAddress()
                        && kind.includes(descriptor, IPV6));
    }

    private static boolean matches(SocketAddress requested, SocketAddress bound) throws UnknownHostException {
        if (requested instanceof InetSocketAddress wanted && bound instanceof InetSocketAddress had) {
            // By its bytes, which makes an address of IPv4 that is written as one of IPv6 what it is.
            return wanted.getAddress()
                            .equals(InetAddress.getByAddress(had.getAddress().getAddress()))
                    && (wanted.getPort() == 0 || wanted.getPort() == had.getPort());
        }
        if (requested instanceof UnixDomainSocketAddress wanted && bound instanceof UnixDomainSocketAddress had) {
            // A program may have bound a relative path; the key never is one.
            return wanted.getPath().equals(new ListenAddress.Unix(had.getPath()).path());
        }
        return requested.equals(bound);
    }

    private static InetAddress ipv6() {
        try {
            return InetAddress.getByAddress(new byte[16]);
        } catch (UnknownHostException e) {
            throw new AssertionError("16 bytes are an address", e);
        }
    }

    private static SocketAddress socketAddress(ListenAddress address) {
        return switch (address) {
            case ListenAddress.Tcp tcp -> tcp.socketAddress();
            case ListenAddress.Udp udp -> udp.socketAddress();
            case ListenAddress.Unix unix -> UnixDomainSocketAddress.of(unix.path());
        };
    }

    /**
     * A path that a dead process left behind would make bind fail for ever. The kernel refuses a connect to it, because
     * nobody listens; to the path of a living one it does not, and then the path is left alone.
     *
     * <p>The probe does not block: a living process that hangs, with a full queue, would make it wait for ever.
     *
     * <p><b>Two processes, one stale path.</b> Without more, both could find nobody there; one removes the path and binds,
     * and the other then removes the path of the living one. And between bind(2) and listen(2) a path looks as stale as a
     * dead process's. So the probe, the removal, bind and listen are one step, under a lock of the path: who comes second
     * finds a path that listens, and its bind fails. The end of a listener needs no lock: its path goes before its socket
     * does ({@link #end}), so nobody takes it for stale meanwhile. The lock is a file, and not the directory itself, because
     * a directory can be locked by whoever may read it, and held for ever.
     */
    private static void removeIfStale(Path path) throws IOException {
        if (!Files.exists(path) || !isSocket(path)) {
            return;
        }
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
        int probe = Sockets.streamFor(address);
        try {
            Sockets.connect(probe, address);
        } catch (PosixException e) {
            if (e.errno() == Errno.ECONNREFUSED) {
                Files.deleteIfExists(path);
            }
        } finally {
            Descriptors.close(probe);
        }
    }

    /** connect(2) refuses devices and pipes with the same error as dead sockets: the file's type tells them apart. */
    private static boolean isSocket(Path path) throws IOException {
        int mode = (int) Files.getAttribute(path, "unix:mode");
        return (mode & FILE_TYPE) == SOCKET;
    }

    @Override
    public ListenAddress address() {
        return address;
    }

    @Override
    public SocketAddress localAddress() {
        return localAddress;
    }

    @Override
    public boolean inherited() {
        return inherited;
    }

    @Override
    public int duplicate() throws IOException {
        synchronized (lock) {
            if (descriptor == CLOSED) {
                throw new IOException("the listener on " + address.key() + " is closed");
            }
            return Descriptors.duplicate(descriptor);
        }
    }

    /** Another listener on the same socket, with a descriptor of its own. */
    ListenerSocket twin() throws IOException {
        int descriptor = duplicate();
        try {
            return new ListenerSocket(address, descriptor, true, closer);
        } catch (IOException e) {
            Descriptors.close(descriptor);
            throw e;
        }
    }

    /**
     * Sets a new length of the accept queue, in every process that shares the socket; does nothing once closed, or where
     * there is none because datagrams come.
     */
    void backlog(int backlog) throws IOException {
        synchronized (lock) {
            if (descriptor != CLOSED && !(address instanceof ListenAddress.Udp)) {
                Sockets.listen(descriptor, backlog);
            }
        }
    }

    @Override
    public void close() {
        closer.accept(this);
    }

    /**
     * Removes the path and closes the descriptor: nobody listens there any more. In this order, else the path would be
     * stale for a moment, another process could put its own in its place, and that would be removed.
     */
    void end() {
        synchronized (lock) {
            if (descriptor != CLOSED) {
                removePath(address);
                release();
            }
        }
    }

    /**
     * Gives the descriptor away, to whoever calls.
     *
     * @throws IOException if it is closed
     */
    int detach() throws IOException {
        synchronized (lock) {
            if (descriptor == CLOSED) {
                throw new IOException("the listener on " + address.key() + " is closed");
            }
            int detached = descriptor;
            descriptor = CLOSED;
            return detached;
        }
    }

    /**
     * Closes the descriptor alone: the socket, and its path, are another generation's.
     *
     * @return false if that was done before
     */
    boolean release() {
        synchronized (lock) {
            if (descriptor == CLOSED) {
                return false;
            }
            try {
                Descriptors.close(descriptor);
            } catch (PosixException e) {
                Log.listenerNotClosed(address, e);
            }
            descriptor = CLOSED;
            return true;
        }
    }

    /** Removes the path of a Unix listener that no generation has any more; an IP address has none. */
    static void removePath(ListenAddress address) {
        if (address instanceof ListenAddress.Unix unix) {
            try {
                Files.deleteIfExists(unix.path());
            } catch (IOException e) {
                Log.pathNotRemoved(unix.path(), e);
            }
        }
    }
}
