package dev.baton.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import org.jspecify.annotations.Nullable;

/** Turns responses into Netty's HTTP objects and writes them. Event loop only. */
final class ResponseWriter {
    private final ChannelHandlerContext ctx;

    ResponseWriter(ChannelHandlerContext ctx) {
        this.ctx = ctx;
    }

    ChannelHandlerContext context() {
        return ctx;
    }

    /** Writes a part and flushes. The response's body is told when bytes that another part follows are written. */
    void write(ResponsePart part, boolean keepAlive) {
        ByteBuf content = part.content();
        int size = content.readableBytes();
        ChannelFuture future;
        ResponseHead head = part.head();
        if (head == null) {
            future = ctx.writeAndFlush(content(content, part.last()));
        } else {
            HttpHeaders headers = head.headers();
            if (!keepAlive) {
                headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
            }
            if (part.last()) {
                future = ctx.writeAndFlush(new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1, head.status(), content, headers, EmptyHttpHeaders.INSTANCE));
            } else {
                future = ctx.write(new DefaultHttpResponse(HttpVersion.HTTP_1_1, head.status(), headers));
                if (size > 0) {
                    future = ctx.write(new DefaultHttpContent(content));
                }
                ctx.flush();
            }
        }
        if (size > 0 && !part.last()) {
            future.addListener(done -> part.body().pieceWritten(size, done.cause()));
        }
    }

    private static HttpObject content(ByteBuf content, boolean last) {
        if (!last) {
            return new DefaultHttpContent(content);
        }
        return content.isReadable() ? new DefaultLastHttpContent(content) : LastHttpContent.EMPTY_LAST_CONTENT;
    }

    /** The answer to a request that no handler gets; its method is null if not known. */
    void refuse(Rejection rejection, boolean keepAlive, @Nullable HttpMethod method) {
        byte[] page = rejection.page();
        HttpHeaders headers = Rejection.headers(page);
        if (!keepAlive) {
            headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        }
        ByteBuf content = HttpMethod.HEAD.equals(method) ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(page);
        var _ = ctx.writeAndFlush(new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, rejection.status(), content, headers, EmptyHttpHeaders.INSTANCE));
    }

    /** An interim response; the final one follows. */
    void writeInterim(HttpResponseStatus status, HttpHeaders headers) {
        var _ = ctx.writeAndFlush(new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, status, Unpooled.EMPTY_BUFFER, headers, EmptyHttpHeaders.INSTANCE));
    }

    void closeAfterResponse() {
        var _ = ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }
}
