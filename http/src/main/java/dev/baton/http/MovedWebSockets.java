package dev.baton.http;

import dev.baton.drain.Conversations;
import dev.baton.netty.ConnectionRestorer;
import dev.baton.netty.ServedConnection;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import java.net.http.WebSocket;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Goes on with WebSockets of another process. Filled by one thread before the server starts, then for any. */
final class MovedWebSockets implements ConnectionRestorer {
    private final Conversations conversations;
    private final Map<String, WebSocketOptions> known = new LinkedHashMap<>();

    MovedWebSockets(Conversations conversations) {
        this.conversations = conversations;
    }

    void add(WebSocketOptions options) {
        String name = options.migration()
                .orElseThrow(() -> new IllegalArgumentException("the options have no migration"))
                .name();
        if (known.putIfAbsent(name, options) != null) {
            throw new IllegalArgumentException("two migrations have the name " + name);
        }
    }

    @Override
    public Optional<ChannelHandler> restore(byte[] encoded) {
        return WebSocketState.decode(encoded).flatMap(this::restore);
    }

    private Optional<ChannelHandler> restore(WebSocketState state) {
        WebSocketOptions options = known.get(state.migration());
        if (options == null || !speaks(options, state.subprotocol())) {
            return Optional.empty();
        }
        WebSocketMigration migration = options.migration().orElseThrow();
        try {
            return migration
                    .restore(state.version(), state.session())
                    .map(listener -> new Installation(options, state, listener));
        } catch (RuntimeException e) {
            Log.sessionNotRestored(migration.name(), e);
            return Optional.empty();
        }
    }

    private static boolean speaks(WebSocketOptions options, String subprotocol) {
        return subprotocol.isEmpty() || options.subprotocols().contains(subprotocol);
    }

    /** Of one connection; when it runs, the connection is this process's. */
    private final class Installation extends ChannelInitializer<Channel> {
        private final WebSocketOptions options;
        private final WebSocketState state;
        private final WebSocket.Listener listener;

        Installation(WebSocketOptions options, WebSocketState state, WebSocket.Listener listener) {
            this.options = options;
            this.state = state;
            this.listener = listener;
        }

        /** A conversation is registered before its connection leaves the one registry for the other. */
        @Override
        protected void initChannel(Channel channel) {
            WebSocketHandshake.Agreed agreed = new WebSocketHandshake.Agreed(state.subprotocol(), Optional.empty());
            ServerWebSocket webSocket = new ServerWebSocket(channel, agreed, options, listener);
            webSocket.resume(conversations, state, options.migration().orElseThrow());
            ServedConnection connection = ServedConnection.of(channel);
            connection.tracked().active();
            connection.hijack();
            WebSocketFrames.codec(options, agreed.compression(), webSocket.handler())
                    .forEach(channel.pipeline()::addLast);
        }
    }
}
