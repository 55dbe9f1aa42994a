package dev.baton.netty;

/**
 * Netty's native epoll transport cannot be used here. Adopting a listening socket needs it: Netty's portable transport
 * cannot take a descriptor.
 */
public final class NativeTransportUnavailableException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    NativeTransportUnavailableException(Throwable cause) {
        super(
                "Netty's epoll transport is not available on " + System.getProperty("os.name") + " "
                        + System.getProperty("os.arch")
                        + "; it needs Linux and netty-transport-native-epoll with the classifier of this machine, "
                        + "linux-x86_64 or linux-aarch_64, on the class path",
                cause);
    }
}
