package dev.baton.examples.netty;

import dev.baton.Baton;
import dev.baton.ListenAddress;
import dev.baton.netty.Http1Connection;
import dev.baton.netty.NettyServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;

/** Says hello from a pipeline; restarts on SIGHUP without its clients noticing. */
public final class NettyHello {
    private static final int MOST_BYTES = 65_536;

    private NettyHello() {}

    /** {@code NettyHello [HOST:PORT]} */
    public static void main(String[] arguments) throws Exception {
        String address = arguments.length > 0 ? arguments[0] : "127.0.0.1:8080";
        try (Baton baton = Baton.start()) {
            String greeting = "Hello from generation " + baton.generation() + "\n";
            NettyServer server = NettyServer.builder()
                    .listener(baton.listen(ListenAddress.parse(address)))
                    .childHandler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            Http1Connection.install(channel.pipeline(), new HttpServerCodec());
                            channel.pipeline().addLast(new HttpObjectAggregator(MOST_BYTES), new Hello(greeting));
                        }
                    })
                    .build();
            baton.join(server);
            baton.ready();
            baton.awaitExit();
            server.close();
        }
    }

    private static final class Hello extends SimpleChannelInboundHandler<FullHttpRequest> {
        private final String greeting;

        Hello(String greeting) {
            this.greeting = greeting;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
            ByteBuf body = Unpooled.copiedBuffer(greeting, StandardCharsets.UTF_8);
            FullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, body);
            response.headers()
                    .set(HttpHeaderNames.CONTENT_TYPE, "text/plain")
                    .set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
            var _ = context.writeAndFlush(response);
        }
    }
}
