package dev.baton.netty;

import dev.baton.drain.Connections;
import dev.baton.drain.ServerClosedException;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import java.util.Map;
import java.util.function.Supplier;

/**
 * How an accepted channel becomes a served connection.
 *
 * @param loops gives the event loop for the next connection
 * @param handler the application's, which usually initialises the pipeline
 * @param options for each channel
 */
record ChildSetup(Supplier<EventLoop> loops, ChannelHandler handler, Map<ChannelOption<?>, Object> options) {

    /** Registers the channel with the registry first, then with its event loop. Called by the accept loop. */
    void begin(Channel channel, Connections connections) {
        EventLoop loop = loops.get();
        ServedConnection connection;
        try {
            connection = ServedConnection.open(channel, loop, connections);
        } catch (ServerClosedException _) {
            // Accepted while the server was being closed: ended like every other connection.
            channel.unsafe().closeForcibly();
            return;
        }
        try {
            options.forEach((option, value) -> setOption(channel, option, value));
            channel.pipeline().addLast(handler);
            loop.register(channel).addListener(registered -> {
                if (!registered.isSuccess()) {
                    abandon(channel, loop, connection, registered.cause());
                }
            });
        } catch (RuntimeException e) {
            abandon(channel, loop, connection, e);
        }
    }

    private static void abandon(Channel channel, EventLoop loop, ServedConnection connection, Throwable cause) {
        channel.unsafe().closeForcibly();
        connection.failed();
        if (!loop.isShuttingDown()) {
            ServerLog.connectionNotSetUp(channel, cause);
        }
    }

    @SuppressWarnings("unchecked")
    private static <T> void setOption(Channel channel, ChannelOption<T> option, Object value) {
        // The builder has taken both from one call, so the types agree. An option that the transport does not know,
        // such as
        // TCP_NODELAY on a Unix socket, is ignored, as ServerBootstrap ignores it.
        channel.config().setOption(option, (T) value);
    }
}
