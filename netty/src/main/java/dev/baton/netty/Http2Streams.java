package dev.baton.netty;

import dev.baton.drain.TrackedConnection;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2HeadersFrame;

/** Sets up the channel of each stream: the application's handlers, and in front of them one that counts responses. */
@Sharable
final class Http2Streams extends ChannelInitializer<Channel> {
    private final ChannelHandler handler;
    private final Responses responses;

    Http2Streams(ChannelHandler handler, TrackedConnection tracked) {
        this.handler = handler;
        this.responses = new Responses(tracked);
    }

    @Override
    protected void initChannel(Channel stream) {
        stream.pipeline().addLast(responses, handler);
    }

    /** Counts a response when the frame that ends it is written to the socket. */
    @Sharable
    private static final class Responses extends ChannelOutboundHandlerAdapter {
        private final ChannelFutureListener written;

        Responses(TrackedConnection tracked) {
            written = write -> {
                if (write.isSuccess()) {
                    tracked.requestServed();
                }
            };
        }

        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            boolean ends = switch (message) {
                case Http2HeadersFrame headers -> headers.isEndStream();
                case Http2DataFrame data -> data.isEndStream();
                default -> false;
            };
            if (ends) {
                var _ = ctx.write(message, promise.unvoid()).addListener(written);
            } else {
                var _ = ctx.write(message, promise);
            }
        }
    }
}
