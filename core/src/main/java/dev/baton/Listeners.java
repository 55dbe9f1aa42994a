package dev.baton;

import dev.baton.posix.Platform;
import dev.baton.posix.Sockets;
import java.io.IOException;
import java.util.Optional;

/** Listeners of a process that runs without {@link Baton}: the same sockets, with no successor. */
public final class Listeners {
    /** The length of the accept queue where none is asked for; the kernel cuts it to {@code net.core.somaxconn}. */
    public static final int DEFAULT_BACKLOG = 4096;

    private Listeners() {}

    /**
     * Binds, and listens if connections are to come; if systemd has passed a socket for the address (sd_listen_fds(3)) it is
     * that, and its path, if it has one, stays when the listener is closed.
     *
     * @param backlog how many connections may wait to be accepted, {@link #DEFAULT_BACKLOG} if not positive; of no
     *     meaning for UDP
     * @throws ListenException if the address cannot be had
     * @throws UnsupportedOperationException on a platform that Baton does not run on
     */
    public static Listener bind(ListenAddress address, int backlog) throws ListenException {
        Platform.current();
        Optional<PassedSockets.Passed> passed = PassedSockets.take(address);
        return passed.isPresent()
                ? passed(passed.get(), orDefault(backlog))
                : ListenerSocket.bind(address, orDefault(backlog), ListenerSocket::end);
    }

    private static Listener passed(PassedSockets.Passed passed, int backlog) throws ListenException {
        try {
            ListenerSocket listener =
                    ListenerSocket.adopt(passed.address(), passed.descriptor(), ListenerSocket::release);
            listener.backlog(backlog);
            return listener;
        } catch (IOException e) {
            ListenException failure = new ListenException(passed.address(), String.valueOf(e.getMessage()));
            failure.initCause(e);
            throw failure;
        }
    }

    /**
     * Two connected stream sockets that nobody else can reach, non-blocking and close-on-exec, which the caller owns: for
     * requests of a process to itself.
     *
     * @throws IOException if no descriptor is left
     */
    public static int[] connectedPair() throws IOException {
        Platform.current();
        return Sockets.nonBlockingPair(Sockets.Type.STREAM);
    }

    static int orDefault(int backlog) {
        return backlog > 0 ? backlog : DEFAULT_BACKLOG;
    }
}
