package dev.baton;

import dev.baton.posix.Sockets;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;

/**
 * A process that is no Baton and listens for messages at the path that is its first argument. With a second argument,
 * {@code accepts}, it takes connections and says nothing; without, its queue of one place is all there is.
 */
final class ForeignSocket {
    private ForeignSocket() {}

    public static void main(String[] arguments) throws Exception {
        int socket = Sockets.unix(Sockets.Type.SEQPACKET);
        Sockets.bind(socket, UnixDomainSocketAddress.of(Path.of(arguments[0])));
        Sockets.listen(socket, arguments.length > 1 ? 16 : 0);
        System.out.println("listens");
        if (arguments.length == 1) {
            int waiting = Sockets.unix(Sockets.Type.SEQPACKET);
            Sockets.connect(waiting, UnixDomainSocketAddress.of(Path.of(arguments[0])));
            System.out.println("full");
            Thread.currentThread().join();
        }
        while (true) {
            System.out.println("accepted " + Sockets.accept(socket)); // And never closed.
        }
    }
}
