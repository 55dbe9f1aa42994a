package dev.baton.system;

import dev.baton.testkit.StrictConnection;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;

/** How a client reaches a {@link RunningService}, which listens in all of these ways at once. */
enum Transport {
    TCP {
        @Override
        String listenAddress(Path directory) {
            return "127.0.0.1:0";
        }

        @Override
        SocketAddress address(RunningService service) throws InterruptedException {
            return service.address();
        }
    },
    UNIX {
        @Override
        String listenAddress(Path directory) {
            return "unix:" + directory.resolve("socket");
        }

        @Override
        SocketAddress address(RunningService service) {
            return UnixDomainSocketAddress.of(service.directory().resolve("socket"));
        }
    };

    /** What the service is told to listen on. */
    abstract String listenAddress(Path directory);

    abstract SocketAddress address(RunningService service) throws InterruptedException;

    StrictConnection open(RunningService service) throws IOException, InterruptedException {
        return StrictConnection.open(address(service));
    }
}
