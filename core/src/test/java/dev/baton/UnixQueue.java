package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Errno;
import dev.baton.posix.PosixException;
import dev.baton.posix.Sockets;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;

/** The accept queue of a Unix listener, whose length is exact: connect(2) fails with EAGAIN when it is full. */
final class UnixQueue {
    private UnixQueue() {}

    /** Connects until the queue is full, and returns how many connections that took; they stay in the queue. */
    static int fill(Path path) throws IOException {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
        for (int connections = 0; connections < 1_000; connections++) {
            int client = Sockets.streamFor(address);
            try {
                Sockets.connect(client, address);
            } catch (PosixException e) {
                assertThat(e.errno()).isEqualTo(Errno.EAGAIN);
                return connections;
            } finally {
                Descriptors.close(client);
            }
        }
        throw new AssertionError("the queue of " + path + " is never full");
    }
}
