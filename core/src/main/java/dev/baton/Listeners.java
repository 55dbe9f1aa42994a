package dev.baton;

import dev.baton.posix.Platform;
import dev.baton.posix.Sockets;
import java.io.IOException;

/** Listeners of a process that runs without {@link Baton}: the same sockets, with no successor. */
public final class Listeners {
    /** The length of the accept queue where none is asked for; the kernel cuts it to {@code net.core.somaxconn}. */
    public static final int DEFAULT_BACKLOG = 4096;

    private Listeners() {}

    /**
     * Binds, and listens if connections are to come.
     *
     * @param backlog how many connections may wait to be accepted, {@link #DEFAULT_BACKLOG} if not positive; of no
     *     meaning for UDP
     * @throws ListenException if the address cannot be had
     * @throws UnsupportedOperationException on a platform that Baton does not run on
     */
    public static Listener bind(ListenAddress address, int backlog) throws ListenException {
        Platform.current();
        return ListenerSocket.bind(address, orDefault(backlog), ListenerSocket::end);
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
