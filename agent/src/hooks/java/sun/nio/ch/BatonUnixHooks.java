package sun.nio.ch;

import java.io.FileDescriptor;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;

/** As {@link BatonHooks}, in place of {@link UnixDomainSockets}, one of whose methods differs from Net's in its result alone. */
final class BatonUnixHooks {
    private BatonUnixHooks() {}

    static void bind(FileDescriptor fd, Path path) throws IOException {
        if (!BatonHooks.binds(IOUtil.fdVal(fd), UnixDomainSocketAddress.of(path))) {
            UnixDomainSockets.bind(fd, path);
        }
    }

    static UnixDomainSocketAddress localAddress(FileDescriptor fd) throws IOException {
        SocketAddress real = BatonHooks.anyRealAddress(IOUtil.fdVal(fd));
        return real instanceof UnixDomainSocketAddress path ? path : UnixDomainSockets.localAddress(fd);
    }
}
