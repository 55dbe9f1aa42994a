package dev.baton.spring;

import dev.baton.netty.Http1Connection;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import reactor.netty.NettyPipeline;

/** Has connections of Baton's server set up by Reactor Netty, and then watched around the codec that it has put there. */
@ChannelHandler.Sharable
final class ReactorConnections extends ChannelInitializer<Channel> {
    private final ChannelPipeline server;

    /** @param server of the channel that Reactor Netty takes for its listening socket */
    ReactorConnections(ChannelPipeline server) {
        this.server = server;
    }

    @Override
    protected void initChannel(Channel connection) throws Exception {
        ChannelHandlerContext acceptor = server.lastContext();
        if (acceptor == null || !(acceptor.handler() instanceof ChannelInboundHandler handler)) {
            throw new IllegalStateException("Reactor Netty has closed its server");
        }
        // The acceptor adds the handlers, which ask for the first bytes at once because the channel is registered, and
        // only then sets the options, of which this is one. Setting it would take the request back.
        connection.config().setAutoRead(false);
        handler.channelRead(acceptor, connection);
        ChannelPipeline pipeline = connection.pipeline();
        if (pipeline.get(NettyPipeline.HttpCodec) != null) {
            Http1Connection http = Http1Connection.watch(pipeline, NettyPipeline.HttpCodec);
            pipeline.addAfter(pipeline.context(http).name(), null, new ProtocolSwitch(http));
        }
    }

    /** With a 101 the connection is the application's: a WebSocket. */
    private static final class ProtocolSwitch extends ChannelOutboundHandlerAdapter {
        private final Http1Connection http;

        ProtocolSwitch(Http1Connection http) {
            this.http = http;
        }

        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            if (message instanceof HttpResponse response
                    && response.status().code() == HttpResponseStatus.SWITCHING_PROTOCOLS.code()) {
                http.hijack();
            }
            var _ = ctx.write(message, promise);
        }
    }
}
