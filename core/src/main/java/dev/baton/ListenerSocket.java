package dev.baton;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Errno;
import dev.baton.posix.PosixException;
import dev.baton.posix.Sockets;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.function.Consumer;

/** A listener as a descriptor, which it owns. The lock guards the descriptor against use after close. */
final class ListenerSocket implements Listener {
    private static final int CLOSED = -1;

    private final ListenAddress address;
    private final SocketAddress localAddress;
    private final boolean inherited;
    private final Consumer<ListenerSocket> onClose;
    private final Object lock = new Object();
    private int descriptor;

    private ListenerSocket(ListenAddress address, int descriptor, boolean inherited, Consumer<ListenerSocket> onClose)
            throws IOException {
        this.address = address;
        this.localAddress = Sockets.localAddress(descriptor);
        this.inherited = inherited;
        this.onClose = onClose;
        this.descriptor = descriptor;
    }

    /** Binds and listens. */
    static ListenerSocket bind(ListenAddress address, int backlog, Consumer<ListenerSocket> onClose)
            throws ListenException {
        SocketAddress socketAddress = socketAddress(address);
        try {
            int descriptor = Sockets.streamFor(socketAddress);
            try {
                if (address instanceof ListenAddress.Unix unix) {
                    removeIfStale(unix);
                } else {
                    Sockets.reuseAddress(descriptor);
                }
                Sockets.bind(descriptor, socketAddress);
                Sockets.listen(descriptor, backlog);
                return new ListenerSocket(address, descriptor, false, onClose);
            } catch (IOException | IllegalArgumentException e) {
                Descriptors.close(descriptor);
                throw e;
            }
        } catch (PosixException e) {
            throw new ListenException(address, e);
        } catch (IOException | IllegalArgumentException e) {
            ListenException failure = new ListenException(address, String.valueOf(e.getMessage()));
            failure.initCause(e);
            throw failure;
        }
    }

    /**
     * Takes over a descriptor that the parent passed, if it is what the parent said: listening, a stream, of the
     * address's family, and bound to the address.
     *
     * @throws IOException if it is anything else; the descriptor is then still the caller's
     */
    static ListenerSocket adopt(ListenAddress address, int descriptor, Consumer<ListenerSocket> onClose)
            throws IOException {
        SocketAddress requested = socketAddress(address);
        if (!Sockets.isStreamFor(descriptor, requested) || !Sockets.isListening(descriptor)) {
            throw new IOException("the parent passed something else than a listener for " + address.key());
        }
        ListenerSocket listener = new ListenerSocket(address, descriptor, true, onClose);
        if (!matches(requested, listener.localAddress)) {
            throw new IOException("the parent passed " + listener.localAddress + " as " + address.key());
        }
        return listener;
    }

    private static boolean matches(SocketAddress requested, SocketAddress bound) {
        if (requested instanceof InetSocketAddress wanted && bound instanceof InetSocketAddress had) {
            return wanted.getAddress().equals(had.getAddress())
                    && (wanted.getPort() == 0 || wanted.getPort() == had.getPort());
        }
        return requested.equals(bound);
    }

    private static SocketAddress socketAddress(ListenAddress address) {
        return switch (address) {
            case ListenAddress.Tcp tcp -> tcp.socketAddress();
            case ListenAddress.Unix unix -> UnixDomainSocketAddress.of(unix.path());
        };
    }

    /**
     * A path that a dead process left behind would make bind fail for ever. The kernel refuses a connect to it, because
     * nobody listens; to the path of a living one it does not, and then the path is left alone.
     */
    private static void removeIfStale(ListenAddress.Unix unix) throws IOException {
        if (!Files.exists(unix.path())) {
            return;
        }
        int probe = Sockets.unix(Sockets.Type.STREAM);
        try {
            Sockets.connect(probe, UnixDomainSocketAddress.of(unix.path()));
        } catch (PosixException e) {
            if (e.errno() == Errno.ECONNREFUSED && isSocket(unix.path())) {
                Files.deleteIfExists(unix.path());
            }
        } finally {
            Descriptors.close(probe);
        }
    }

    private static boolean isSocket(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class).isOther();
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

    /** Sets a new length of the accept queue. */
    void backlog(int backlog) throws IOException {
        synchronized (lock) {
            Sockets.listen(descriptor, backlog);
        }
    }

    @Override
    public void close() {
        if (release()) {
            onClose.accept(this);
            ListenerTable.removePaths(List.of(address));
        }
    }

    /** Closes the descriptor alone: the socket, and its path, are another generation's. */
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
}
