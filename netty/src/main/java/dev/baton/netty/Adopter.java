package dev.baton.netty;

import dev.baton.ListenAddress;
import dev.baton.MigratingParticipant.Adoption;
import dev.baton.drain.ConnectionHistory;
import dev.baton.drain.ConnectionState;
import dev.baton.drain.Connections;
import dev.baton.drain.ServerClosedException;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Takes connections of another process in. Safe for use by any thread. */
final class Adopter {
    private final Map<ListenAddress, ChildSetup> setups;
    private final Map<String, ChannelHandler> handlers;
    private final Connections connections;

    /** @param handlers by the protocol of the connections for which they build the pipeline */
    Adopter(Map<ListenAddress, ChildSetup> setups, Map<String, ChannelHandler> handlers, Connections connections) {
        this.setups = Map.copyOf(setups);
        this.handlers = Map.copyOf(handlers);
        this.connections = connections;
    }

    /** Empty if the connection is for the other process to keep, and then the descriptor too. */
    Optional<Adoption> adopt(ListenAddress listener, int descriptor, byte[] encoded) {
        ChildSetup setup = setups.get(listener);
        TransferState state = TransferState.decode(encoded).orElse(null);
        ChannelHandler handler = state == null ? null : handlers.get(state.protocol());
        if (setup == null || state == null || handler == null) {
            return Optional.empty();
        }
        boolean unix = listener instanceof ListenAddress.Unix;
        Channel channel = unix ? new EpollDomainSocketChannel(descriptor) : new EpollSocketChannel(descriptor);
        if (!channel.isActive() || (!unix && channel.remoteAddress() == null)) {
            // The client has gone: for the other process to hear, because it has the connection's past.
            return Optional.empty();
        }
        try {
            return Optional.of(ServedConnection.adopt(channel, setup, handler, state, connections));
        } catch (ServerClosedException _) {
            return Optional.empty();
        }
    }

    /**
     * Takes a connection of this process with itself in, as one that comes from another process.
     *
     * @param registry of such connections
     * @return empty if connections of HTTP/1.1 are not adopted here
     */
    Optional<Adoption> adoptPrivately(Channel channel, ChildSetup setup, Connections registry) {
        ChannelHandler handler = handlers.get(Http1Connection.PROTOCOL);
        if (handler == null) {
            return Optional.empty();
        }
        ConnectionHistory none = new ConnectionHistory(ConnectionState.NEW, Duration.ZERO, 0, 0, 0);
        TransferState state =
                new TransferState(Http1Connection.PROTOCOL, none, Optional.empty(), List.of(), new byte[0]);
        // Encoded and decoded, because the connections that follow will be.
        return TransferState.decode(state.encode())
                .map(decoded -> ServedConnection.adopt(channel, setup, handler, decoded, registry));
    }
}
