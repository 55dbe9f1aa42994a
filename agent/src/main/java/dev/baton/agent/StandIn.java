package dev.baton.agent;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Sockets;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A listening socket that nobody can reach, for the place of one on which this process is not to accept: an accept loop
 * waits on it as on a quiet day, because nothing ever comes.
 *
 * <p>It is of the family of the one that it stands for, so that options can be set and addresses be asked for as before; it
 * has a port of the loopback device, because a socket that listens must have one; and a filter drops each packet that
 * comes to it, so that whoever guesses the port finds a firewall. The agent itself may be let through ({@link #admit}).
 */
final class StandIn implements AutoCloseable {
    private static final int BACKLOG = 8;

    private final int descriptor;
    private final SocketIdentity identity;

    private StandIn(int descriptor) throws IOException {
        this.descriptor = descriptor;
        this.identity = SocketIdentity.of(descriptor).orElseThrow(() -> new IOException("a new socket is closed"));
    }

    /** One for a listener of this family. */
    static StandIn of(StreamFamily family) throws IOException {
        return family == StreamFamily.UNIX ? ofPath() : ofPort(family);
    }

    private static StandIn ofPort(StreamFamily family) throws IOException {
        InetSocketAddress anyPort = new InetSocketAddress(family.loopback(), 0);
        return bound(anyPort, descriptor -> {
            Sockets.dropEverything(descriptor);
            Sockets.bind(descriptor, anyPort);
        });
    }

    /** At a path that is removed before anybody could connect: a socket that does not listen yet refuses. */
    private static StandIn ofPath() throws IOException {
        Path directory = Files.createTempDirectory("baton");
        Path path = directory.resolve("s");
        try {
            UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
            return bound(address, descriptor -> {
                Sockets.bind(descriptor, address);
                Files.delete(path);
            });
        } finally {
            Files.delete(directory);
        }
    }

    private static StandIn bound(SocketAddress address, Binding binding) throws IOException {
        int descriptor = Sockets.streamFor(address);
        boolean done = false;
        try {
            binding.of(descriptor);
            Sockets.listen(descriptor, BACKLOG);
            StandIn standIn = new StandIn(descriptor);
            done = true;
            return standIn;
        } finally {
            if (!done) {
                Descriptors.close(descriptor);
            }
        }
    }

    @FunctionalInterface
    private interface Binding {
        void of(int descriptor) throws IOException;
    }

    int descriptor() {
        return descriptor;
    }

    /** Lets packets through that come from this port alone, which is the agent's own; returns the port to send them to. */
    int admit(int port) throws IOException {
        Sockets.dropAllButFrom(descriptor, port);
        return ((InetSocketAddress) Sockets.localAddress(descriptor)).getPort();
    }

    /** As at first. Who was let through keeps his connection: it has the filter that there was when it was made. */
    void admitNobody() throws IOException {
        Sockets.dropEverything(descriptor);
    }

    /** Whether it is in this place. */
    boolean isAt(int number) {
        return identity.isAt(number);
    }

    /** This process's own descriptor; the socket lives as long as a place has it, or a thread waits on it. */
    @Override
    public void close() throws IOException {
        Descriptors.close(descriptor);
    }
}
