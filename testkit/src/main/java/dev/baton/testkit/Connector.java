package dev.baton.testkit;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;

/** Opens client connections, and says what their failures mean. */
final class Connector {
    private Connector() {}

    static boolean isUnix(SocketAddress address) {
        return address instanceof UnixDomainSocketAddress;
    }

    /** An unconnected, non-blocking TCP channel. */
    static SocketChannel openTcp() throws IOException {
        SocketChannel channel = SocketChannel.open();
        try {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            return channel;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** An unconnected, blocking Unix channel. */
    static SocketChannel openUnix() throws IOException {
        return SocketChannel.open(StandardProtocolFamily.UNIX);
    }

    /**
     * What an error in connect(2) is to the client.
     *
     * <p>For a Unix path, a missing file is the same refusal as a file that nobody listens on. For TCP, a connection
     * that was established and reset before it was looked at is a reset; the rest (no local port, no route) is a fault
     * of the client's own machine.
     */
    static FailureKind kindOfConnectError(SocketAddress address, IOException error) {
        if (error instanceof ConnectException || isUnix(address)) {
            return FailureKind.REFUSED;
        }
        if (error instanceof NoRouteToHostException || !(error instanceof java.net.SocketException)) {
            return FailureKind.OTHER;
        }
        return FailureKind.RESET;
    }
}
