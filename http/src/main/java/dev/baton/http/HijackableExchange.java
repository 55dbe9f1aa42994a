package dev.baton.http;

import com.sun.net.httpserver.HttpExchange;
import dev.baton.drain.Conversations;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** An exchange whose connection can be taken from HTTP, and with which last words. */
record HijackableExchange(Exchange exchange, @Nullable HttpResponse response) {

    /** Gives the exchange, or throws NotHijackableException. */
    static HijackableExchange of(HttpExchange exchange) {
        @Nullable
        Exchange ours = switch (exchange) {
            case Exchange http -> http;
            case SecureExchange https -> https.exchange();
            default -> null;
        };
        if (ours == null) {
            throw new NotHijackableException(
                    "only the exchange that a BatonHttpServer gives to a handler has a connection to"
                            + " take, and this is a " + exchange.getClass().getName()
                            + "; if a filter has wrapped it, take the filter off this context");
        }
        if (ours.connection().isHttp2()) {
            throw new NotHijackableException(
                    "only an HTTP/1.1 connection can be taken over; this request came by " + ours.getProtocol());
        }
        return new HijackableExchange(ours, null);
    }

    HijackableExchange withNothingSent() {
        return this;
    }

    HijackableExchange switchingTo(String protocol) {
        HttpHeaders headers = headers();
        headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE);
        headers.set(HttpHeaderNames.UPGRADE, protocol);
        return with(HttpResponseStatus.SWITCHING_PROTOCOLS, headers);
    }

    HijackableExchange connected() {
        if (!exchange.method().equals(HttpMethod.CONNECT)) {
            throw new IllegalStateException("the request is no CONNECT, but " + exchange.method());
        }
        return with(HttpResponseStatus.OK, headers());
    }

    /** Of neither response there is a body (RFC 9110, section 9.3.6, and section 15.2). */
    private HttpHeaders headers() {
        HttpHeaders headers = ResponseHead.lines(exchange.getResponseHeaders());
        headers.remove(HttpHeaderNames.CONTENT_LENGTH);
        headers.remove(HttpHeaderNames.TRANSFER_ENCODING);
        headers.set(HttpHeaderNames.DATE, HttpDate.now());
        return headers;
    }

    private HijackableExchange with(HttpResponseStatus status, HttpHeaders headers) {
        return new HijackableExchange(
                exchange,
                new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1, status, Unpooled.EMPTY_BUFFER, headers, EmptyHttpHeaders.INSTANCE));
    }

    Channel channel() {
        return exchange.connection().channel();
    }

    /**
     * Takes the connection.
     *
     * @param begin makes and registers what goes on instead, in the event loop
     * @param handlers of the other protocol; they stand behind TLS, if there is TLS
     */
    <T> T take(Function<Conversations, T> begin, List<ChannelHandler> handlers) throws IOException {
        Conversations conversations = BatonHttpServer.conversationsOf(exchange).orElseThrow();
        ProtocolSwitch<T> next = new ProtocolSwitch<>(response, () -> begin.apply(conversations), handlers);
        exchange.connection().switchProtocol(exchange.responseBody(), next);
        T taken = next.await();
        if (response != null) {
            exchange.code(response.status().code());
        }
        return taken;
    }
}
