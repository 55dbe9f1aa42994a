package dev.baton.http;

import dev.baton.netty.Http1Connection;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP/1.1 codec of one connection, and the way out of it. Event loop only.
 *
 * <p>The decoder and the encoder are two handlers, not {@code HttpServerCodec}, because that one is final and hides its
 * decoder.
 */
final class Http1Codec implements HttpCodec {
    private final RequestDecoder decoder;
    private final HttpResponseEncoder encoder = new HttpResponseEncoder();
    private final Http1Connection connection;

    private Http1Codec(ChannelPipeline pipeline, HttpServerOptions options) {
        decoder = new RequestDecoder(options);
        connection = Http1Connection.install(pipeline, decoder, encoder);
    }

    private Http1Codec(ChannelPipeline pipeline, HttpServerOptions options, Http2Upgrade upgrade) {
        decoder = new RequestDecoder(options);
        connection = Http1Connection.install(pipeline, decoder, encoder, upgrade);
    }

    /** Adds the codec to the end of a pipeline. */
    static Http1Codec install(ChannelPipeline pipeline, HttpServerOptions options) {
        return new Http1Codec(pipeline, options);
    }

    /** The same, with a look at the first request before anything counts it. */
    static Http1Codec install(ChannelPipeline pipeline, HttpServerOptions options, Http2Upgrade upgrade) {
        return new Http1Codec(pipeline, options, upgrade);
    }

    @Override
    public boolean isHeadBegun() {
        return decoder.isHeadBegun();
    }

    @Override
    public boolean isHolding() {
        return decoder.isHolding();
    }

    @Override
    public void proceed() {
        replay(decoder.proceed());
    }

    @Override
    public void hold() {
        decoder.hold();
    }

    @Override
    public void stay() {
        replay(decoder.stay());
    }

    private void replay(ByteBuf held) {
        if (held.isReadable()) {
            connection.replay(held);
        }
    }

    @Override
    public void leave(ChannelHandlerContext last, @Nullable HttpResponse response, List<ChannelHandler> next) {
        ChannelPipeline pipeline = last.pipeline();
        connection.hijack();
        if (response != null) {
            var _ = last.writeAndFlush(response);
        }
        next.forEach(pipeline::addLast);
        pipeline.remove(last.handler());
        pipeline.remove(encoder);
        // As the last: a decoder that leaves passes on what it holds, and that is to reach the new handlers.
        pipeline.remove(decoder);
    }

    /** Installs another protocol. */
    @FunctionalInterface
    interface Installation {
        void run() throws Http2Exception;
    }

    /** Leaves the pipeline to another protocol, which goes on with the bytes that the decoder holds. */
    void giveWay(ChannelPipeline pipeline, Installation next) throws Http2Exception {
        connection.giveWay();
        pipeline.remove(encoder);
        next.run();
        pipeline.remove(decoder); // As the last, see leave.
    }
}
