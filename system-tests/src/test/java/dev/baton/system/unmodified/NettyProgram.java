package dev.baton.system.unmodified;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.util.concurrent.TimeUnit;

/** On plain Netty, as its HTTP examples: with its NIO transport. */
final class NettyProgram {
    private static final int MOST_BYTES = 65_536;

    private NettyProgram() {}

    public static void main(String[] arguments) throws InterruptedException {
        Answers.exitIfBroken();
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, NioIoHandler.newFactory());
        Channel server = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel child) {
                        child.pipeline()
                                .addLast(new HttpServerCodec(), new HttpObjectAggregator(MOST_BYTES), new Hello());
                    }
                })
                .bind("127.0.0.1", Integer.parseInt(arguments[0]))
                .sync()
                .channel();
        System.out.println("listens on " + server.localAddress());
        server.closeFuture().sync();
    }

    private static final class Hello extends SimpleChannelInboundHandler<FullHttpRequest> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
            boolean slow = request.uri().equals("/slow");
            boolean keepAsked = HttpUtil.isKeepAlive(request);
            if (slow) {
                System.out.println("slow");
            }
            var _ = context.executor()
                    .schedule(() -> answer(context, keepAsked), slow ? 3_000 : 0, TimeUnit.MILLISECONDS);
        }

        private static void answer(ChannelHandlerContext context, boolean keep) {
            FullHttpResponse response = new DefaultFullHttpResponse(
                    HttpVersion.HTTP_1_1, HttpResponseStatus.OK, Unpooled.wrappedBuffer(Answers.BODY));
            response.headers()
                    .set(Answers.HEADER, Answers.PID)
                    .set(HttpHeaderNames.CONTENT_LENGTH, Answers.BODY.length);
            if (keep) {
                var _ = context.writeAndFlush(response, context.voidPromise());
            } else {
                response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
                var _ = context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
            }
        }
    }
}
