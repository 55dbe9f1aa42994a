package dev.baton.netty;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2PingFrame;
import io.netty.handler.codec.http2.Http2SettingsFrame;
import io.netty.util.ReferenceCountUtil;

/** Sees the frames that concern an HTTP/2 connection and none of its streams; the last handler of its pipeline. */
final class Http2Frames extends ChannelInboundHandlerAdapter {
    private final Http2Connection http;

    Http2Frames(Http2Connection http) {
        this.http = http;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            switch (message) {
                case Http2SettingsFrame _ -> http.prefaceReceived();
                case Http2PingFrame ping when ping.ack() -> http.pingAnswered(ping.content());
                default -> {
                    // The codec has done what is to be done.
                }
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // The codec has told the client, with a GOAWAY, and closes the connection.
        ServerLog.connectionFailed(ctx.channel(), cause);
    }
}
