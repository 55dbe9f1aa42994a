package dev.baton.http;

import dev.baton.netty.Http1Connection;
import dev.baton.netty.Http2Connection;
import dev.baton.netty.Http2Options;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.http.HttpResponseEncoder;

/**
 * Builds the pipeline of a connection, and is the only class that knows its protocol.
 *
 * <p>The decoder and the encoder of HTTP/1.1 are two handlers, not {@code HttpServerCodec}, because that one is final and
 * hides its decoder.
 */
@Sharable
final class HttpPipeline extends ChannelInitializer<Channel> {
    private final Dispatcher dispatcher;
    private final Http2Options http2Options;
    private final StreamPipeline streams = new StreamPipeline();

    HttpPipeline(Dispatcher dispatcher) {
        this.dispatcher = dispatcher;
        HttpServerOptions options = dispatcher.options();
        http2Options = Http2Options.builder()
                .maxHeaderListSize(options.maxHeadSize())
                .prefaceTimeout(options.headTimeout())
                .idleTimeout(options.idleTimeout())
                .build();
    }

    @Override
    protected void initChannel(Channel channel) {
        if (dispatcher.options().http2()) {
            channel.pipeline().addLast(new ProtocolDetector(channel, this, dispatcher.options()));
        } else {
            installHttp1(channel);
        }
    }

    /** Adds what speaks HTTP/1.1 to the end of the pipeline. */
    void installHttp1(Channel channel) {
        RequestDecoder decoder = new RequestDecoder(dispatcher.options());
        Http1Connection.install(channel.pipeline(), decoder, new HttpResponseEncoder());
        channel.pipeline().addLast(new HttpConnection(channel, dispatcher, decoder::isHeadBegun));
    }

    /** Adds what speaks HTTP/2 to the end of the pipeline. In the event loop. */
    void installHttp2(Channel channel) {
        Http2Connection.install(channel.pipeline(), http2Options, streams);
    }

    /** Of the channel of one HTTP/2 stream. */
    @Sharable
    private final class StreamPipeline extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel stream) {
            stream.pipeline().addLast(new HttpStream(stream, dispatcher));
        }
    }
}
