package dev.baton.http;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** Addresses in an API that knows no others than those of the internet. */
final class SocketAddresses {
    private static final InetSocketAddress LOCAL = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private SocketAddresses() {}

    /** The address itself; for a Unix socket, and for a peer that has gone, the loopback address with port 0. */
    static InetSocketAddress inet(SocketAddress address) {
        return address instanceof InetSocketAddress inet ? inet : LOCAL;
    }
}
