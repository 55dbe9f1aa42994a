package dev.baton.netty;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;

/** Sees the requests of an HTTP/1.1 connection as the codec has decoded them, and the responses before it encodes them. */
final class Http1Messages extends ChannelDuplexHandler {
    private final Http1Connection http;

    /** One for all responses of the connection, so that none costs a listener. */
    private final ChannelFutureListener written = this::written;

    /** A request was not admitted: whatever comes from the codec belongs to it, or comes after it. */
    private boolean dropping;

    /** A final response has begun and not ended. */
    private boolean responding;

    /** The response that is being written is informational (1xx): its end is not the end of the answer. */
    private boolean interim;

    Http1Messages(Http1Connection http) {
        this.http = http;
    }

    boolean responding() {
        return responding;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!dropping && message instanceof HttpRequest request) {
            dropping = !http.admits(request);
        }
        if (dropping) {
            ReferenceCountUtil.release(message);
            return;
        }
        if (message instanceof LastHttpContent) {
            http.requestEnds();
        }
        ctx.fireChannelRead(message);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        Object toWrite = message;
        if (message instanceof HttpResponse response) {
            interim = isInterim(response);
            if (!interim) {
                responding = true;
                if (http.closesWith(!HttpUtil.isKeepAlive(response))) {
                    toWrite = closing(response);
                }
            }
        }
        if (message instanceof LastHttpContent && interim) {
            interim = false;
        } else if (message instanceof LastHttpContent) {
            responding = false;
            http.responseEnds();
            var _ = ctx.write(toWrite, promise.unvoid()).addListener(written);
            return;
        }
        var _ = ctx.write(toWrite, promise);
    }

    private void written(ChannelFuture write) {
        if (write.isSuccess()) {
            http.responseWritten();
        }
        // Otherwise the connection is broken, and its end follows; or the codec has refused the response, and the
        // application
        // that gets to know it through the same future has to close.
    }

    private static boolean isInterim(HttpResponse response) {
        HttpResponseStatus status = response.status();
        return status.codeClass() == HttpStatusClass.INFORMATIONAL
                && status.code() != HttpResponseStatus.SWITCHING_PROTOCOLS.code();
    }

    /** A copy that says {@code Connection: close}: the headers of a response may be shared or read-only. */
    private static HttpResponse closing(HttpResponse response) {
        HttpResponse copy = response instanceof FullHttpResponse full
                ? full.replace(full.content())
                : new DefaultHttpResponse(
                        response.protocolVersion(),
                        response.status(),
                        response.headers().copy());
        copy.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        return copy;
    }
}
