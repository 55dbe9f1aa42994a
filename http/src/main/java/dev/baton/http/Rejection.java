package dev.baton.http;

import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * Why a request is not given to a handler.
 *
 * <p>After a request whose framing is in doubt the connection is closed: what follows might be a second request that an
 * intermediary took for a part of the first (request smuggling). {@link RequestDecoder} finds most of these; here is what
 * Netty's decoder lets pass.
 *
 * @param close whether the connection is closed after the answer
 */
record Rejection(HttpResponseStatus status, String reason, boolean close) {

    static final Rejection NO_CONTEXT =
            new Rejection(HttpResponseStatus.NOT_FOUND, "No context found for request", false);
    static final Rejection NO_HANDLER =
            new Rejection(HttpResponseStatus.INTERNAL_SERVER_ERROR, "No handler for context", false);
    static final Rejection BAD_TARGET = bad("The request target is not one that this server knows");
    static final Rejection NO_THREAD =
            new Rejection(HttpResponseStatus.SERVICE_UNAVAILABLE, "The executor takes no more requests", true);
    static final Rejection HANDLER_FAILED =
            new Rejection(HttpResponseStatus.INTERNAL_SERVER_ERROR, "The handler failed", true);
    static final Rejection BODY_TIMEOUT =
            new Rejection(HttpResponseStatus.REQUEST_TIMEOUT, "The request body did not come in time", true);
    static final Rejection BODY_TOO_LARGE =
            new Rejection(new HttpResponseStatus(413, "Content Too Large"), "The request body is too large", true);
    static final Rejection BAD_BODY = bad("The request body is malformed");
    static final Rejection INCOMPLETE_BODY = bad("The request body is incomplete");
    static final Rejection HEAD_TIMEOUT =
            new Rejection(HttpResponseStatus.REQUEST_TIMEOUT, "The request head did not come in time", true);

    private static Rejection bad(String reason) {
        return new Rejection(HttpResponseStatus.BAD_REQUEST, reason, true);
    }

    /** Whether the decoder gave up because the client has gone, so that there is nobody to answer. */
    static boolean isPremature(HttpRequest request) {
        return request.decoderResult().cause() instanceof PrematureChannelClosureException;
    }

    /** Gives null if the head is well-formed and within the limits. */
    static @Nullable Rejection of(HttpRequest request, HttpServerOptions options) {
        if (request.decoderResult().isFailure()) {
            return ofDecoder(request.decoderResult().cause());
        }
        HttpVersion version = request.protocolVersion();
        if (version.majorVersion() != 1) {
            return new Rejection(
                    HttpResponseStatus.HTTP_VERSION_NOT_SUPPORTED, "This server speaks HTTP/1.1 and HTTP/1.0", true);
        }
        HttpHeaders headers = request.headers();
        if (headers.size() > options.maxHeaders()) {
            return new Rejection(
                    HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                    "More than " + options.maxHeaders() + " header lines",
                    true);
        }
        int hosts = count(headers.valueCharSequenceIterator(HttpHeaderNames.HOST));
        if (hosts > 1 || (hosts == 0 && options.requireHost() && version.minorVersion() > 0)) {
            return bad("A request needs exactly one Host header"); // RFC 9112, section 3.2
        }
        if (hosts == 1 && !RequestTarget.isHost(headers.get(HttpHeaderNames.HOST))) {
            return bad("The Host header is not a host with an optional port");
        }
        Rejection badFraming = framing(headers);
        return badFraming == null && isTooLarge(request, options) ? BODY_TOO_LARGE : badFraming;
    }

    /** By its announced length; one that announces none is measured as it comes, by {@link RequestBody}. */
    private static boolean isTooLarge(HttpRequest request, HttpServerOptions options) {
        return options.maxRequestBody() > 0 && HttpUtil.getContentLength(request, 0L) > options.maxRequestBody();
    }

    private static Rejection ofDecoder(Throwable cause) {
        return switch (cause) {
            case TooLongHttpLineException _ ->
                new Rejection(HttpResponseStatus.REQUEST_URI_TOO_LONG, "The request line is too long", true);
            case TooLongHttpHeaderException _ ->
                new Rejection(
                        HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request headers are too large", true);
            default -> bad("Bad request");
        };
    }

    private static @Nullable Rejection framing(HttpHeaders headers) {
        if (headers.contains(HttpHeaderNames.TRANSFER_ENCODING)) {
            Iterator<? extends CharSequence> codings =
                    headers.valueCharSequenceIterator(HttpHeaderNames.TRANSFER_ENCODING);
            if (!HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(codings.next()) || codings.hasNext()) {
                return new Rejection(HttpResponseStatus.NOT_IMPLEMENTED, "Unsupported Transfer-Encoding value", true);
            }
        } else if (headers.contains(HttpHeaderNames.SEC_WEBSOCKET_KEY1)
                && !headers.contains(HttpHeaderNames.CONTENT_LENGTH)) {
            // The decoder takes this for the handshake of a forgotten WebSocket draft, with a body of 8 bytes that no
            // header announces: to everybody else those 8 bytes are the next request.
            return bad("Sec-WebSocket-Key1 is not supported");
        }
        return null;
    }

    /** What is sent as the body of the answer. */
    byte[] page() {
        return ("<h1>" + status + "</h1>" + reason + "\n").getBytes(StandardCharsets.US_ASCII);
    }

    /** The headers of an answer with this page. */
    static HttpHeaders headers(byte[] page) {
        HttpHeaders headers = DefaultHttpHeadersFactory.headersFactory().newHeaders();
        headers.set(HttpHeaderNames.DATE, HttpDate.now());
        headers.set(HttpHeaderNames.CONTENT_TYPE, "text/html; charset=US-ASCII");
        headers.setInt(HttpHeaderNames.CONTENT_LENGTH, page.length);
        return headers;
    }

    private static int count(Iterator<?> values) {
        int count = 0;
        while (values.hasNext()) {
            values.next();
            count++;
        }
        return count;
    }
}
