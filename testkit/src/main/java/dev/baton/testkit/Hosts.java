package dev.baton.testkit;

import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** The {@code Host} that a request to an address names. */
final class Hosts {
    private Hosts() {}

    static String of(SocketAddress address) {
        if (address instanceof InetSocketAddress tcp) {
            String host = tcp.getHostString();
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + tcp.getPort();
        }
        return "localhost";
    }
}
