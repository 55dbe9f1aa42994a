package dev.baton.agent;

import dev.baton.posix.PosixException;
import dev.baton.posix.Sockets;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.util.Optional;

/** The families of stream sockets. The JDK's of IP are of IPv6 where the machine has it, also for addresses of IPv4. */
enum StreamFamily {
    IPV4(new byte[] {0, 0, 0, 0}, new byte[] {127, 0, 0, 1}),
    /** With the loopback address of IPv4 as IPv6 writes it: the loopback device may have none of IPv6. */
    IPV6(new byte[16], new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 127, 0, 0, 1}),
    /** Of paths, which have neither of the two. */
    UNIX;

    private final Optional<InetAddress> any;
    private final Optional<InetAddress> loopback;

    StreamFamily(byte[] any, byte[] loopback) {
        this.any = Optional.of(address(any));
        this.loopback = Optional.of(address(loopback));
    }

    StreamFamily() {
        this.any = Optional.empty();
        this.loopback = Optional.empty();
    }

    private static InetAddress address(byte[] bytes) {
        try {
            // Not by InetAddress, which makes a mapped address one of IPv4.
            return bytes.length == 16 ? Inet6Address.getByAddress(null, bytes, -1) : InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError("4 and 16 bytes are addresses", e);
        }
    }

    /** Empty if the socket is of another kind. */
    static Optional<StreamFamily> of(int socket) throws PosixException {
        for (StreamFamily family : values()) {
            if (Sockets.isStreamFor(socket, family.example())) {
                return Optional.of(family);
            }
        }
        return Optional.empty();
    }

    private SocketAddress example() {
        return any.<SocketAddress>map(address -> new InetSocketAddress(address, 0))
                .orElseGet(() -> UnixDomainSocketAddress.of("/"));
    }

    /** All addresses of this machine, in a family of IP. */
    InetAddress any() {
        return any.orElseThrow();
    }

    InetAddress loopback() {
        return loopback.orElseThrow();
    }
}
