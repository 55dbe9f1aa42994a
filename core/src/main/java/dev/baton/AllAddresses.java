package dev.baton;

import dev.baton.posix.Sockets;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * The address that stands for all of this machine's: {@code ::}, on which Baton's listeners take IPv4 too, or
 * {@code 0.0.0.0} where the kernel has no IPv6.
 *
 * <p>What the kernel has is decided when it boots, or by a filter that a process passes on to its children. So
 * generations agree, and the address may be a part of the key.
 */
final class AllAddresses {
    private AllAddresses() {}

    static InetAddress get() {
        try {
            return InetAddress.getByAddress(new byte[Sockets.isIpv6Available() ? 16 : 4]);
        } catch (UnknownHostException e) {
            throw new AssertionError("4 and 16 bytes are addresses", e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot find out whether this machine has IPv6", e);
        }
    }
}
