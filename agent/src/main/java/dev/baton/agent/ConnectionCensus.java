package dev.baton.agent;

import dev.baton.posix.Sockets;
import dev.baton.posix.TcpInfo;
import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.Set;

/**
 * The connections that a program has accepted, as the kernel has them; what the program knows of them is not asked.
 *
 * <p>Which of them wait for an answer is told by who spoke last: after a request, before the response, it was the client.
 * That is so for protocols of requests and responses, and errs to one side alone: a connection whose client spoke last,
 * and that expects no answer, is waited for until the {@code drain-timeout}. A response that is being sent is not
 * {@link #outstanding}; the program's own graceful stop, which comes after, knows of it.
 *
 * @param open all of them
 * @param fresh those on which the client has said nothing yet
 * @param outstanding those on which the client has spoken last
 */
record ConnectionCensus(int open, int fresh, int outstanding) {

    /** Those that were accepted at one of these ports. */
    static ConnectionCensus of(Set<Integer> ports) {
        int open = 0;
        int fresh = 0;
        int outstanding = 0;
        String[] descriptors = new File("/proc/self/fd").list();
        for (String descriptor : descriptors == null ? new String[0] : descriptors) {
            int number = Integer.parseInt(descriptor);
            Optional<TcpInfo> info = TcpInfo.of(number).filter(TcpInfo::open);
            if (info.isPresent() && ports.contains(port(number))) {
                open++;
                if (info.get().received() == 0) {
                    fresh++;
                } else if (isOutstanding(info.get())) {
                    outstanding++;
                }
            }
        }
        return new ConnectionCensus(open, fresh, outstanding);
    }

    private static boolean isOutstanding(TcpInfo info) {
        return info.sent() == 0 || info.sinceReceived().compareTo(info.sinceSent()) < 0;
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
