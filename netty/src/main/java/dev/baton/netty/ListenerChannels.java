package dev.baton.netty;

import dev.baton.ListenAddress;
import dev.baton.Listener;
import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;

/** Makes a channel of a listener. The channel is to be registered, never bound: the socket listens already. */
final class ListenerChannels {
    private ListenerChannels() {}

    /** A channel that owns a duplicate of the listener's descriptor. */
    static Channel open(Listener listener) throws IOException {
        int descriptor = listener.duplicate();
        try {
            return switch (listener.address()) {
                case ListenAddress.Tcp _ -> new EpollServerSocketChannel(descriptor);
                // The other constructor takes the socket for one that is yet to be bound.
                case ListenAddress.Unix _ -> new EpollServerDomainSocketChannel(descriptor, true);
            };
        } catch (RuntimeException e) {
            try {
                new FileDescriptor(descriptor).close();
            } catch (IOException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }
}
