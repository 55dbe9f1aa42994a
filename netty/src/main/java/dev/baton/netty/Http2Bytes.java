package dev.baton.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Sees the bytes of an HTTP/2 connection before the codec does, and closes it when the rest of the pipeline says so. */
final class Http2Bytes extends ChannelDuplexHandler {
    private final Http2Connection http;

    @Nullable
    private ChannelHandlerContext context;

    Http2Bytes(Http2Connection http) {
        this.http = http;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    /** Closes the channel, without lingering. */
    void closeNow() {
        if (context != null) {
            var _ = context.close();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof ByteBuf bytes && http.discardsInput()) {
            http.discarded(bytes.readableBytes());
            bytes.release();
        } else {
            ctx.fireChannelRead(message);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.fireExceptionCaught(cause);
        if (cause instanceof IOException) {
            // From the transport: the peer has reset the connection.
            closeNow();
        }
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        http.closes();
        if (!promise.isVoid()) {
            var _ = ctx.channel().closeFuture().addListener(_ -> promise.trySuccess());
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        http.closed();
        ctx.fireChannelInactive();
    }
}
