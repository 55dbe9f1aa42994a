package dev.baton.http;

import dev.baton.ListenAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;

/** The kinds of socket that the tests run over. */
enum Transport {
    TCP {
        @Override
        ListenAddress address(Path directory) {
            return ListenAddress.tcp(new InetSocketAddress("127.0.0.1", 0));
        }
    },
    UNIX {
        @Override
        ListenAddress address(Path directory) {
            return ListenAddress.unix(directory.resolve("http.sock"));
        }
    };

    abstract ListenAddress address(Path directory);
}
