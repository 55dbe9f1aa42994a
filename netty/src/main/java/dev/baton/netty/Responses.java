package dev.baton.netty;

import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;

/** What an {@link Http1Connection} has to know of a response, and to change. */
final class Responses {
    private Responses() {}

    /** Whether another response to the same request follows. */
    static boolean isInterim(HttpResponse response) {
        HttpResponseStatus status = response.status();
        return status.codeClass() == HttpStatusClass.INFORMATIONAL
                && status.code() != HttpResponseStatus.SWITCHING_PROTOCOLS.code();
    }

    /** A copy that says {@code Connection: close}: the headers of a response may be shared or read-only. */
    static HttpResponse closing(HttpResponse response) {
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
