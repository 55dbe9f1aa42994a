package dev.baton.run;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Errno;
import dev.baton.posix.Messages;
import dev.baton.posix.PosixException;
import dev.baton.posix.Sockets;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.Optional;

/**
 * The service's {@code NOTIFY_SOCKET}: what systemd offers to a service with {@code NotifyAccess=all}. Owned by the
 * supervisor's thread.
 */
final class NotifySocket {
    private static final int MAX_BYTES = 64 * 1024;

    private final int socket;
    private final String name;

    private NotifySocket(int socket, String name) {
        this.socket = socket;
        this.name = name;
    }

    static NotifySocket open() throws IOException {
        int socket = Sockets.unix(Sockets.Type.DATAGRAM);
        Sockets.passCredentials(socket);
        Sockets.bindAnywhere(socket);
        Descriptors.makeNonBlocking(socket);
        UnixDomainSocketAddress address = (UnixDomainSocketAddress) Sockets.localAddress(socket);
        return new NotifySocket(socket, address.getPath().toString());
    }

    int descriptor() {
        return socket;
    }

    /** The value of the variable. */
    String name() {
        return name;
    }

    /** The next message that is there; its descriptors are the caller's. */
    Optional<Messages.Signed> next() throws PosixException {
        try {
            return Optional.of(Messages.receiveSigned(socket, MAX_BYTES));
        } catch (PosixException e) {
            if (e.errno() == Errno.EAGAIN) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Whoever supervises the supervisor. */
    static final class Manager {
        private static final Duration PATIENCE = Duration.ofMillis(500);

        private final Optional<UnixDomainSocketAddress> address;

        Manager(Optional<String> notifySocket) {
            this.address = notifySocket
                    .filter(name -> name.startsWith("/") || name.startsWith("@"))
                    .map(UnixDomainSocketAddress::of);
        }

        /** Says it in the name of this process; what nobody hears is logged, and changes nothing. */
        void say(String message) {
            if (address.isEmpty() || message.isEmpty()) {
                return;
            }
            try {
                int socket = Sockets.unix(Sockets.Type.DATAGRAM);
                try {
                    Sockets.setTimeout(socket, PATIENCE);
                    Messages.sendTo(socket, address.get(), message.getBytes(java.nio.charset.StandardCharsets.UTF_8));
                } finally {
                    Descriptors.close(socket);
                }
            } catch (IOException e) {
                Log.say("cannot notify " + address.get() + ": " + e.getMessage());
            }
        }
    }
}
