package dev.baton.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;

/** Inverts every bit both ways: stands for TLS, of which nothing can be read in front of it. */
final class InvertingHandler extends ChannelDuplexHandler {
    static void invert(byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) ~bytes[i];
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ctx.fireChannelRead(inverted((ByteBuf) message));
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        var _ = ctx.write(inverted((ByteBuf) message), promise);
    }

    private static ByteBuf inverted(ByteBuf bytes) {
        byte[] copy = new byte[bytes.readableBytes()];
        bytes.readBytes(copy);
        bytes.release();
        invert(copy);
        return Unpooled.wrappedBuffer(copy);
    }
}
