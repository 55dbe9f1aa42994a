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
    private final Map<String, ConnectionRestorer> restorers;
    private final Connections connections;

    /**
     * @param handlers by the protocol of the connections for which they build the pipeline
     * @param restorers by the protocol of the connections about which they decide
     */
    Adopter(
            Map<ListenAddress, ChildSetup> setups,
            Map<String, ChannelHandler> handlers,
            Map<String, ConnectionRestorer> restorers,
            Connections connections) {
        this.setups = Map.copyOf(setups);
        this.handlers = Map.copyOf(handlers);
        this.restorers = Map.copyOf(restorers);
        this.connections = connections;
    }

    /** Empty if the connection is for the other process to keep, and then the descriptor too. */
    Optional<Adoption> adopt(ListenAddress listener, int descriptor, byte[] encoded) {
        ChildSetup setup = setups.get(listener);
        TransferState state = TransferState.decode(encoded).orElse(null);
        if (setup == null || state == null || !knows(state.protocol())) {
            return Optional.empty();
        }
        boolean unix = listener instanceof ListenAddress.Unix;
        Channel channel = unix ? new EpollDomainSocketChannel(descriptor) : new EpollSocketChannel(descriptor);
        if (!channel.isActive() || (!unix && channel.remoteAddress() == null)) {
            // The client has gone: for the other process to hear, because it has the connection's past.
            return Optional.empty();
        }
        Optional<ChannelHandler> handler = handler(state);
        try {
            return handler.map(each -> ServedConnection.adopt(channel, setup, each, state, connections));
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
        TransferState state = new TransferState(
                Http1Connection.PROTOCOL, none, Optional.empty(), List.of(), new byte[0], new byte[0]);
        // Encoded and decoded, because the connections that follow will be.
        return TransferState.decode(state.encode())
                .map(decoded -> ServedConnection.adopt(channel, setup, handler, decoded, registry));
    }

    private boolean knows(String protocol) {
        return handlers.containsKey(protocol) || restorers.containsKey(protocol);
    }

    private Optional<ChannelHandler> handler(TransferState state) {
        ConnectionRestorer restorer = restorers.get(state.protocol());
        return restorer == null ? Optional.ofNullable(handlers.get(state.protocol())) : restorer.restore(state.own());
    }
}
