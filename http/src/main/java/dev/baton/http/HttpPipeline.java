package dev.baton.http;

import dev.baton.netty.Http1Connection;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.http.HttpResponseEncoder;

/**
 * Builds the pipeline of a connection, and is the only class that knows its protocol.
 *
 * <p>What {@link HttpConnection} sees is Netty's HTTP objects, which can come from an HTTP/2 stream as well. The decoder and
 * the encoder are two handlers, not {@code HttpServerCodec}, because that one is final and hides its decoder.
 */
@Sharable
final class HttpPipeline extends ChannelInitializer<Channel> {
    private final Dispatcher dispatcher;

    HttpPipeline(Dispatcher dispatcher) {
        this.dispatcher = dispatcher;
    }

    @Override
    protected void initChannel(Channel channel) {
        RequestDecoder decoder = new RequestDecoder(dispatcher.options());
        Http1Connection.install(channel.pipeline(), decoder, new HttpResponseEncoder());
        channel.pipeline().addLast(new HttpConnection(channel, dispatcher, decoder::isHeadBegun));
    }
}
