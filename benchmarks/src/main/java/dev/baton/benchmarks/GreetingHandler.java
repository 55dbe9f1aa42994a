package dev.baton.benchmarks;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.concurrent.Executor;

/** Answers each request with the greeting; the same object with Baton and without. */
@Sharable
final class GreetingHandler extends SimpleChannelInboundHandler<HttpObject> {
    private final byte[] greeting = Greeting.bytes();
    private final Executor executor;

    /** @param executor where an answer is made */
    GreetingHandler(Executor executor) {
        this.executor = executor;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, HttpObject message) {
        if (message instanceof LastHttpContent) {
            Channel channel = ctx.channel();
            executor.execute(() -> {
                var _ = channel.writeAndFlush(response());
            });
        }
    }

    private FullHttpResponse response() {
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.OK, Unpooled.wrappedBuffer(greeting));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, Greeting.CONTENT_TYPE)
                .setInt(HttpHeaderNames.CONTENT_LENGTH, greeting.length);
        return response;
    }
}
