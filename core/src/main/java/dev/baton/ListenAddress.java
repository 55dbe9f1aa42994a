package dev.baton;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Where a listener listens, and so the key by which the next generation finds it again.
 *
 * <p>The key is the address as it was <em>requested</em>, its host resolved: a program that asks for port 0 in each of a
 * row of generations gets the same socket, and so the same port, each time; {@code localhost:80} and
 * {@code 127.0.0.1:80} are one key where the name stands for that address, and if it comes to stand for another, the
 * next generation binds that one. TCP and UDP at one port are two keys.
 */
public sealed interface ListenAddress {

    /**
     * The textual form, which {@link #parse(String)} reads back and which identifies the listener across generations:
     * {@code ADDRESS:PORT}, {@code [IPV6]:PORT}, either with {@code udp:} before it, or {@code unix:PATH}, without names.
     */
    String key();

    /**
     * A TCP address. {@code 0.0.0.0}, which is also the address of {@code new InetSocketAddress(port)}, stands for all
     * addresses, those of IPv6 among them, as it does for the JDK's own server sockets.
     *
     * @throws IllegalArgumentException if the address is unresolved
     */
    static Tcp tcp(InetSocketAddress address) {
        return new Tcp(allIfAny(address));
    }

    /**
     * A UDP address; {@code 0.0.0.0} stands for all addresses, as in {@link #tcp}.
     *
     * @throws IllegalArgumentException if the address is unresolved
     */
    static Udp udp(InetSocketAddress address) {
        return new Udp(allIfAny(address));
    }

    private static InetSocketAddress allIfAny(InetSocketAddress address) {
        return !address.isUnresolved() && address.getAddress().isAnyLocalAddress()
                ? new InetSocketAddress(AllAddresses.get(), address.getPort())
                : address;
    }

    /** A Unix-domain stream socket at this path. */
    static Unix unix(Path path) {
        return new Unix(path);
    }

    /**
     * Reads {@code HOST:PORT}, {@code [IPV6]:PORT}, {@code :PORT} or {@code *:PORT} (all addresses), each of them with
     * {@code udp:} before it for UDP, or {@code unix:PATH}. {@code 0.0.0.0:PORT} stands for all of IPv4 alone.
     *
     * @throws IllegalArgumentException if the text is none of these; the message says what was wrong with it
     */
    static ListenAddress parse(String text) {
        if (text.startsWith("unix:")) {
            String path = text.substring("unix:".length());
            if (path.isEmpty()) {
                throw new IllegalArgumentException("'" + text + "' names no path; write unix:PATH");
            }
            try {
                return unix(Path.of(path));
            } catch (InvalidPathException e) {
                throw new IllegalArgumentException("'" + text + "' is not a path: " + e.getReason(), e);
            }
        }
        return text.startsWith(Udp.PREFIX)
                ? new Udp(socketAddress(text, text.substring(Udp.PREFIX.length())))
                : new Tcp(socketAddress(text, text));
    }

    private static InetSocketAddress socketAddress(String text, String hostAndPort) {
        int colon = hostAndPort.lastIndexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException(
                    "'" + text + "' has no port; write HOST:PORT, udp:HOST:PORT or unix:PATH");
        }
        return new InetSocketAddress(
                host(text, hostAndPort.substring(0, colon)), port(text, hostAndPort.substring(colon + 1)));
    }

    private static InetAddress host(String text, String host) {
        try {
            if (host.isEmpty() || host.equals("*")) {
                return AllAddresses.get();
            }
            boolean bracketed = host.startsWith("[") && host.endsWith("]");
            if (!bracketed && host.contains(":")) {
                throw new IllegalArgumentException("'" + text + "': write an IPv6 address in brackets, [ADDRESS]:PORT");
            }
            return InetAddress.getByName(bracketed ? host.substring(1, host.length() - 1) : host);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("'" + text + "': the host '" + host + "' is not known", e);
        }
    }

    private static int port(String text, String port) {
        try {
            int number = Integer.parseInt(port);
            if (number >= 0 && number <= 65_535) {
                return number;
            }
        } catch (NumberFormatException e) {
            // The message below serves both.
        }
        throw new IllegalArgumentException("'" + text + "': the port must be a number from 0 to 65535");
    }

    private static void requireResolved(InetSocketAddress address) {
        if (address.isUnresolved()) {
            throw new IllegalArgumentException("the host of " + address + " is not known");
        }
    }

    private static String hostAndPort(InetSocketAddress address) {
        String host = address.getAddress().getHostAddress();
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
    }

    /** An IP address and a port for connections; port 0 lets the kernel choose one. */
    record Tcp(InetSocketAddress socketAddress) implements ListenAddress {
        public Tcp {
            requireResolved(socketAddress);
        }

        @Override
        public String key() {
            return hostAndPort(socketAddress);
        }

        @Override
        public String toString() {
            return key();
        }
    }

    /** An IP address and a port for datagrams; port 0 lets the kernel choose one. */
    record Udp(InetSocketAddress socketAddress) implements ListenAddress {
        private static final String PREFIX = "udp:";

        public Udp {
            requireResolved(socketAddress);
        }

        @Override
        public String key() {
            return PREFIX + hostAndPort(socketAddress);
        }

        @Override
        public String toString() {
            return key();
        }
    }

    /** A path in the file system, made absolute, because the key must not depend on a working directory. */
    record Unix(Path path) implements ListenAddress {
        public Unix {
            path = Objects.requireNonNull(path).toAbsolutePath().normalize();
        }

        @Override
        public String key() {
            return "unix:" + path;
        }

        @Override
        public String toString() {
            return key();
        }
    }
}
