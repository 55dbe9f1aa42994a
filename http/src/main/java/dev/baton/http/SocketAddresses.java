package dev.baton.http;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import org.jspecify.annotations.Nullable;

/** Netty's addresses as the JDK's. */
final class SocketAddresses {
    private static final InetSocketAddress LOCAL = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private SocketAddresses() {}

    /** The address itself; for a Unix socket, and for a peer that has gone, the loopback address with port 0. */
    static InetSocketAddress inet(@Nullable SocketAddress address) {
        return address instanceof InetSocketAddress inet ? inet : LOCAL;
    }

    /** The address itself; for a Unix socket one with the empty path. */
    static SocketAddress any(@Nullable SocketAddress address) {
        return address instanceof InetSocketAddress inet ? inet : UnixDomainSocketAddress.of("");
    }
}
