package dev.baton.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

/**
 * A plain Netty application. What it does is said by the path: {@code /name} answers with the server's name once the body
 * was read; {@code /held} once the test releases it, {@code /held-large} with more than the sockets hold; {@code /head-first} sends its head at once and the rest when released;
 * {@code /early} answers 401 at the head of the request and closes; {@code /hijack} takes the connection.
 */
final class TestHandler extends SimpleChannelInboundHandler<HttpObject> {
    /** More than the buffers of both sockets hold. */
    static final int LARGE = 16 << 20;

    private final String name;
    private final TestServer server;
    private String path = "";
    private long bodyLength;

    TestHandler(String name, TestServer server) {
        this.name = name;
        this.server = server;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, HttpObject message) {
        if (message instanceof HttpRequest request) {
            path = request.uri();
            bodyLength = 0;
            server.requestArrived(path);
            if (request.decoderResult().isFailure()) {
                // Nothing comes after it, not even its end.
                var _ = ctx.writeAndFlush(response(HttpResponseStatus.BAD_REQUEST, "bad"));
            }
            if (path.equals("/early")) {
                var _ = ctx.writeAndFlush(response(HttpResponseStatus.UNAUTHORIZED, "who are you?\n".repeat(1000)))
                        .addListener(ChannelFutureListener.CLOSE);
            }
        }
        if (message instanceof HttpContent content) {
            bodyLength += content.content().readableBytes();
        }
        if (message instanceof LastHttpContent) {
            answer(ctx);
        }
    }

    private void answer(ChannelHandlerContext ctx) {
        switch (path) {
            case "/early" -> {
                // Answered at its head.
            }
            case "/held" ->
                whenReleased(ctx, () -> {
                    var _ = ctx.writeAndFlush(response(HttpResponseStatus.OK, name));
                });
            case "/head-first" -> {
                DefaultHttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
                HttpUtil.setContentLength(head, name.length());
                var _ = ctx.writeAndFlush(head);
                whenReleased(ctx, () -> {
                    ByteBuf body = Unpooled.copiedBuffer(name, StandardCharsets.UTF_8);
                    var _ = ctx.writeAndFlush(new DefaultLastHttpContent(body));
                });
            }
            case "/hijack" -> {
                server.hijack(ctx.channel());
                ByteBuf bytes = Unpooled.copiedBuffer("yours\n", StandardCharsets.UTF_8);
                var _ = ctx.pipeline().firstContext().writeAndFlush(bytes);
            }
            case "/length" -> {
                var _ = ctx.writeAndFlush(response(HttpResponseStatus.OK, Long.toString(bodyLength)));
            }
            case "/held-large" ->
                whenReleased(ctx, () -> {
                    var _ = ctx.writeAndFlush(response(HttpResponseStatus.OK, "x".repeat(LARGE)));
                });
            default -> {
                var _ = ctx.write(response(HttpResponseStatus.OK, name));
            }
        }
    }

    private void whenReleased(ChannelHandlerContext ctx, Runnable task) {
        CompletableFuture<Void> released = server.released();
        var _ = released.thenRun(() -> ctx.executor().execute(task));
    }

    private DefaultFullHttpResponse response(HttpResponseStatus status, String text) {
        ByteBuf body = Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
        DefaultFullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, body);
        HttpUtil.setContentLength(response, body.readableBytes());
        response.headers().set("Baton-Generation", name);
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, "text/plain");
        return response;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        ctx.flush();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // Resets are part of some tests.
    }
}
