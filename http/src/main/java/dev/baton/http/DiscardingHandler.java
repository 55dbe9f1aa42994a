package dev.baton.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;

/** Throws away what comes, up to a bound, so that the peer can go on sending until it reads why it should not. */
final class DiscardingHandler extends ChannelInboundHandlerAdapter {
    private static final long LIMIT = 64L << 20;

    private long discarded;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof ByteBuf bytes) {
            discarded += bytes.readableBytes();
        }
        ReferenceCountUtil.release(message);
        if (discarded > LIMIT) {
            var _ = ctx.channel().close();
        }
    }
}
