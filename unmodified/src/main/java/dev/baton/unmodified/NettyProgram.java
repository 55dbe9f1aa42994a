package dev.baton.unmodified;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.UnixChannelOption;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
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
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;

/**
 * On plain Netty, as its HTTP examples: {@code NettyProgram PORT TRANSPORT [LISTENERS]}. More than one listener share the
 * port by {@code SO_REUSEPORT}.
 */
final class NettyProgram {
    private static final int MOST_BYTES = 65_536;

    private NettyProgram() {}

    public static void main(String[] arguments) throws InterruptedException {
        Answers.exitIfBroken();
        int listeners = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 1;
        ServerBootstrap bootstrap = on(arguments[1]).childHandler(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel child) {
                child.pipeline().addLast(new HttpServerCodec(), new HttpObjectAggregator(MOST_BYTES), new Hello());
            }
        });
        if (listeners > 1) {
            bootstrap.option(UnixChannelOption.SO_REUSEPORT, true);
        }
        InetSocketAddress address = new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0]));
        for (int i = 0; i < listeners; i++) {
            SocketAddress local = bootstrap.bind(address).sync().channel().localAddress();
            if (!local.equals(address)) {
                throw new IllegalStateException("listens on " + local);
            }
        }
    }

    @SuppressWarnings("deprecation") // Netty 4.1 has no other way to its epoll.
    private static ServerBootstrap on(String transport) {
        ServerBootstrap bootstrap = new ServerBootstrap();
        return switch (transport) {
            case "nio" ->
                bootstrap
                        .group(new MultiThreadIoEventLoopGroup(2, NioIoHandler.newFactory()))
                        .channel(NioServerSocketChannel.class);
            case "epoll" ->
                bootstrap
                        .group(new MultiThreadIoEventLoopGroup(2, EpollIoHandler.newFactory()))
                        .channel(EpollServerSocketChannel.class);
            case "epoll-4.1" -> bootstrap.group(new EpollEventLoopGroup(2)).channel(EpollServerSocketChannel.class);
            case "io_uring" ->
                bootstrap
                        .group(new MultiThreadIoEventLoopGroup(2, IoUringIoHandler.newFactory()))
                        .channel(IoUringServerSocketChannel.class);
            default -> throw new IllegalArgumentException(transport);
        };
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
