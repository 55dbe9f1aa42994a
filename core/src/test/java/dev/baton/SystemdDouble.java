package dev.baton;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Errno;
import dev.baton.posix.Messages;
import dev.baton.posix.PosixException;
import dev.baton.posix.Sockets;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The receiving end of sd_notify(3). */
final class SystemdDouble implements AutoCloseable {
    private final int socket;
    private final Path path;

    private SystemdDouble(int socket, Path path) {
        this.socket = socket;
        this.path = path;
    }

    static SystemdDouble open(Path path) throws IOException {
        int socket = Sockets.unix(Sockets.Type.DATAGRAM);
        Sockets.bind(socket, UnixDomainSocketAddress.of(path));
        return new SystemdDouble(socket, path);
    }

    String path() {
        return path.toString();
    }

    /** The lines of the next datagram. */
    List<String> next() throws IOException {
        Sockets.setTimeout(socket, Duration.ofSeconds(30));
        return List.of(new String(Messages.receive(socket, 4096).payload(), UTF_8).split("\n", 0));
    }

    /** Whether no datagram waits. */
    boolean isSilent() throws IOException {
        Sockets.setTimeout(socket, Duration.ofMillis(1));
        try {
            return Messages.receive(socket, 4096).payload().length == 0;
        } catch (PosixException e) {
            return e.errno() == Errno.EAGAIN;
        }
    }

    @Override
    public void close() throws IOException {
        Descriptors.close(socket);
    }
}
