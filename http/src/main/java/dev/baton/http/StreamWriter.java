package dev.baton.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.HttpConversionUtil;

/** Turns responses into HTTP/2 frames and writes them to one stream. Event loop only. */
final class StreamWriter {
    private final ChannelHandlerContext ctx;

    StreamWriter(ChannelHandlerContext ctx) {
        this.ctx = ctx;
    }

    /**
     * Writes a part and flushes. The response's body is told when bytes that another part follows are written.
     *
     * @return when the part is written to the socket
     */
    ChannelFuture write(ResponsePart part) {
        ByteBuf content = part.content();
        int size = content.readableBytes();
        ResponseHead head = part.head();
        ChannelFuture future;
        if (head == null) {
            future = ctx.write(new DefaultHttp2DataFrame(content, part.last()));
        } else {
            boolean empty = size == 0;
            future = ctx.write(
                    new DefaultHttp2HeadersFrame(headers(head.status(), head.headers()), part.last() && empty));
            if (empty) {
                content.release();
            } else {
                future = ctx.write(new DefaultHttp2DataFrame(content, part.last()));
            }
        }
        ctx.flush();
        if (size > 0 && !part.last()) {
            future.addListener(done -> part.body().pieceWritten(size, done.cause()));
        }
        return future;
    }

    /** The answer to a request that no handler gets; its method is null if not known. */
    ChannelFuture refuse(Rejection rejection, HttpMethod method) {
        byte[] page = rejection.page();
        boolean headOnly = HttpMethod.HEAD.equals(method);
        ChannelFuture future =
                ctx.write(new DefaultHttp2HeadersFrame(headers(rejection.status(), Rejection.headers(page)), headOnly));
        if (!headOnly) {
            future = ctx.write(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(page), true));
        }
        ctx.flush();
        return future;
    }

    /** An interim response; the final one follows. */
    void writeInterim(HttpResponseStatus status, HttpHeaders lines) {
        var _ = ctx.writeAndFlush(new DefaultHttp2HeadersFrame(headers(status, lines), false));
    }

    /** Ends the stream here and now. */
    void reset(Http2Error error) {
        var _ = ctx.writeAndFlush(new DefaultHttp2ResetFrame(error));
    }

    /** Without what concerns a connection of HTTP/1.1 (RFC 9113, section 8.2.2). */
    private static Http2Headers headers(HttpResponseStatus status, HttpHeaders lines) {
        Http2Headers headers = new DefaultHttp2Headers(false, lines.size() + 1).status(status.codeAsText());
        HttpConversionUtil.toHttp2Headers(lines, headers);
        return headers;
    }
}
