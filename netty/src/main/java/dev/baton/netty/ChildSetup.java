package dev.baton.netty;

import dev.baton.drain.Connections;
import dev.baton.drain.ServerClosedException;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import java.util.Map;
import java.util.function.Supplier;

/**
 * How a channel becomes a served connection.
 *
 * @param loops gives the event loop for the next connection
 * @param handler the application's, which usually initialises the pipeline
 * @param options for each channel
 */
record ChildSetup(Supplier<ServingLoop> loops, ChannelHandler handler, Map<ChannelOption<?>, Object> options) {

    /** Registers an accepted channel with the registry first, then with its event loop. Called by the accept loop. */
    void begin(Channel channel, Connections connections) {
        ServingLoop loop = loops.get();
        ServedConnection connection;
        try {
            connection = ServedConnection.open(channel, loop, connections);
        } catch (ServerClosedException _) {
            // Accepted while the server was being closed: ended like every other connection.
            channel.unsafe().closeForcibly();
            return;
        }
        var _ = register(channel, connection, handler);
    }

    /**
     * Registers the channel with its event loop, with this handler.
     *
     * @return false if that has failed, and the connection is closed; in the event loop the answer is final
     */
    boolean register(Channel channel, ServedConnection connection, ChannelHandler initializer) {
        try {
            options.forEach((option, value) -> setOption(channel, option, value));
            channel.pipeline().addLast(initializer);
            ChannelFuture registration = connection.loop().register(channel).addListener(registered -> {
                if (!registered.isSuccess()) {
                    abandon(channel, connection, registered.cause());
                }
            });
            return !registration.isDone() || registration.isSuccess();
        } catch (RuntimeException e) {
            abandon(channel, connection, e);
            return false;
        }
    }

    private static void abandon(Channel channel, ServedConnection connection, Throwable cause) {
        channel.unsafe().closeForcibly();
        connection.failed();
        if (!connection.loop().isShuttingDown()) {
            ServerLog.connectionNotSetUp(channel, cause);
        }
    }

    @SuppressWarnings("unchecked")
    private static <T> void setOption(Channel channel, ChannelOption<T> option, Object value) {
        // The builder has taken both from one call, so the types agree. An option that the transport does not know,
        // such as TCP_NODELAY on a Unix socket, is ignored, as ServerBootstrap ignores it.
        channel.config().setOption(option, (T) value);
    }
}
