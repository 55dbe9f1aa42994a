package dev.baton.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.baton.netty.ServedConnection;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.HttpConversionUtil;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The way from HTTP/1.1 to HTTP/2 that RFC 7540, section 3.2, has and RFC 9113 deprecates: {@code Upgrade: h2c}.
 *
 * <p>Looks at the first request of a connection, before anything else counts it as one, and leaves the pipeline. An upgrade
 * that cannot be had is ignored, as a server may: the request has a body, or is not well-formed, or its settings cannot be
 * read; or the server drains, so that the connection is to end with this request anyway.
 */
final class Http2Upgrade extends ChannelInboundHandlerAdapter {
    private static final AsciiString SETTINGS = AsciiString.cached("http2-settings");
    private static final AsciiString H2C = AsciiString.cached("h2c");

    private static final byte[] SWITCHING =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n".getBytes(US_ASCII);

    /** What a client has asked for. */
    record Asked(Http2Settings settings, Http2Headers request) {}

    /** Puts HTTP/2 in the place of HTTP/1.1. */
    @FunctionalInterface
    interface Switch {
        void to(Asked asked) throws Http2Exception;
    }

    private final HttpServerOptions options;
    private @Nullable Switch onUpgrade;
    private @Nullable Asked asked;

    Http2Upgrade(HttpServerOptions options) {
        this.options = options;
    }

    /** To be called before the first request. */
    void onUpgrade(Switch action) {
        onUpgrade = action;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        if (message instanceof HttpRequest request) {
            asked = asked(ctx, request);
        }
        if (asked == null) {
            ctx.fireChannelRead(message);
            ctx.pipeline().remove(this);
            return;
        }
        ReferenceCountUtil.release(message);
        if (message instanceof LastHttpContent) {
            // Past the encoder and what counts responses, because this is none.
            var _ = ctx.pipeline().context(RequestDecoder.class).writeAndFlush(Unpooled.wrappedBuffer(SWITCHING));
            Objects.requireNonNull(onUpgrade).to(asked);
        }
    }

    private @Nullable Asked asked(ChannelHandlerContext ctx, HttpRequest request) {
        HttpHeaders headers = request.headers();
        List<String> settings = headers.getAll(SETTINGS);
        boolean wanted = headers.containsValue(HttpHeaderNames.UPGRADE, H2C, true)
                && headers.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true)
                && headers.containsValue(HttpHeaderNames.CONNECTION, SETTINGS, true);
        if (!wanted
                || settings.size() != 1
                || !request.protocolVersion().equals(HttpVersion.HTTP_1_1)
                || !request.uri().startsWith("/")
                || Dispatcher.hasBody(headers)
                || Rejection.of(request, options) != null
                || ServedConnection.of(ctx.channel()).tracked().drainReason().isPresent()) {
            return null;
        }
        try {
            return new Asked(decode(settings.getFirst()), head(request));
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** The payload of a SETTINGS frame in Base64 (RFC 7540, section 3.2.1). */
    private static Http2Settings decode(String text) {
        ByteBuffer payload = ByteBuffer.wrap(Base64.getUrlDecoder().decode(text));
        if (payload.remaining() % 6 != 0) {
            throw new IllegalArgumentException("not the payload of SETTINGS");
        }
        Http2Settings settings = new Http2Settings();
        while (payload.hasRemaining()) {
            settings.put(payload.getChar(), Long.valueOf(Integer.toUnsignedLong(payload.getInt())));
        }
        return settings;
    }

    private static Http2Headers head(HttpRequest request) {
        Http2Headers head = new DefaultHttp2Headers()
                .method(request.method().asciiName())
                .scheme("http")
                .path(request.uri());
        String host = request.headers().get(HttpHeaderNames.HOST);
        if (host != null) {
            head.authority(host);
        }
        HttpConversionUtil.toHttp2Headers(request.headers(), head);
        return head;
    }
}
