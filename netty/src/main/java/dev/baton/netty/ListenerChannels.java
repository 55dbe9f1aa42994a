package dev.baton.netty;

import dev.baton.ListenAddress;
import dev.baton.Listener;
import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.util.function.IntFunction;

/** Makes a channel of a listener. The channel is to be registered, never bound: the socket is bound already. */
final class ListenerChannels {
    private ListenerChannels() {}

    /** A channel that accepts, and owns a duplicate of the listener's descriptor. */
    static Channel open(Listener listener) throws IOException {
        return switch (listener.address()) {
            case ListenAddress.Tcp _ -> open(listener, EpollServerSocketChannel::new);
            // The other constructor takes the socket for one that is yet to be bound.
            case ListenAddress.Unix _ ->
                open(listener, descriptor -> new EpollServerDomainSocketChannel(descriptor, true));
            case ListenAddress.Udp udp ->
                throw new IllegalArgumentException(udp + " has no connections to accept; use DatagramServer");
        };
    }

    /** A channel that receives datagrams, and owns a duplicate of the listener's descriptor. */
    static Channel openForDatagrams(Listener listener) throws IOException {
        if (!(listener.address() instanceof ListenAddress.Udp)) {
            throw new IllegalArgumentException(listener.address() + " receives no datagrams; use NettyServer");
        }
        return open(listener, EpollDatagramChannel::new);
    }

    private static Channel open(Listener listener, IntFunction<Channel> channel) throws IOException {
        int descriptor = listener.duplicate();
        try {
            return channel.apply(descriptor);
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
