package dev.baton.agent;

import dev.baton.ListenAddress;
import dev.baton.posix.Sockets;
import dev.baton.posix.TcpInfo;
import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * The connections that a program has accepted, as the kernel has them; what the program knows of them is not asked.
 *
 * @param open all of them
 * @param fresh those on which the client has said nothing yet
 * @param outstanding those on which something is to be answered, or sent
 * @param quiet how long nothing has been said on the one among the others on which somebody has spoken last; zero if there
 *     are no others
 */
record ConnectionCensus(int open, int fresh, int outstanding, Duration quiet) {
    /** The kernel's clock for this ticks each 1 to 10 ms, and what was said within one tick has no order. */
    private static final Duration UNORDERED = Duration.ofSeconds(5);

    /** What can be told of one connection. */
    enum Standing {
        FRESH,
        OUTSTANDING,
        IDLE;

        /**
         * Who spoke last tells whether an answer is expected: after a request, before the response, it was the client. That
         * is so for protocols of requests and responses. A client that expects no answer is waited for until the
         * {@code drain-timeout}; and where the server speaks for itself (TLS 1.3 sends tickets after a handshake, HTTP/2
         * has frames of the connection's own), a request may look answered, so that it is the program's own graceful stop
         * that must wait for it.
         */
        static Standing of(TcpInfo connection) {
            if (connection.received() == 0) {
                return FRESH;
            }
            int order = connection.sinceSent().compareTo(connection.sinceReceived());
            boolean unordered = order == 0 && connection.sinceSent().compareTo(UNORDERED) < 0;
            return connection.sent() == 0 || connection.sending() || order > 0 || unordered ? OUTSTANDING : IDLE;
        }
    }

    /**
     * Those that were accepted at one of these ports, or paths. Of a connection of unix(7) the kernel does not tell who spoke
     * last, or when: as long as it is open something is outstanding.
     *
     * @throws IOException if the kernel does not tell, for instance because no descriptor is left to ask with
     */
    static ConnectionCensus of(Set<Integer> ports, Set<ListenAddress.Unix> paths) throws IOException {
        int open = 0;
        int fresh = 0;
        int outstanding = 0;
        Optional<Duration> quiet = Optional.empty();
        String[] descriptors = new File("/proc/self/fd").list();
        if (descriptors == null) {
            throw new IOException("/proc/self/fd cannot be read");
        }
        for (String descriptor : descriptors) {
            int number = Integer.parseInt(descriptor);
            if (!paths.isEmpty() && isAccepted(number, paths)) {
                open++;
                outstanding++;
                continue;
            }
            Optional<TcpInfo> found = TcpInfo.of(number).filter(TcpInfo::open);
            if (found.isEmpty() || !ports.contains(port(number))) {
                continue;
            }
            TcpInfo info = found.get();
            open++;
            switch (Standing.of(info)) {
                case FRESH -> fresh++;
                case OUTSTANDING -> outstanding++;
                case IDLE -> quiet = Optional.of(least(quiet.orElse(info.sinceSent()), info.sinceSent()));
            }
        }
        return new ConnectionCensus(open, fresh, outstanding, quiet.orElse(Duration.ZERO));
    }

    private static Duration least(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private static boolean isAccepted(int number, Set<ListenAddress.Unix> paths) {
        try {
            return Sockets.localAddress(number) instanceof UnixDomainSocketAddress address
                    && paths.contains(new ListenAddress.Unix(address.getPath()))
                    && !Sockets.isListening(number);
        } catch (IOException e) {
            return false; // No socket, or closed meanwhile.
        }
    }

    private static int port(int number) {
        try {
            return Sockets.localAddress(number) instanceof InetSocketAddress address ? address.getPort() : 0;
        } catch (IOException e) {
            return 0; // Closed meanwhile.
        }
    }

    int idle() {
        return open - fresh - outstanding;
    }
}
