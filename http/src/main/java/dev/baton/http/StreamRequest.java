package dev.baton.http;

import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes of the header section of an HTTP/2 request what a handler sees (RFC 9113, section 8.3): {@code :authority} becomes
 * {@code Host}, and cookies that were sent apart are joined (section 8.2.3).
 *
 * <p>A section that is malformed is refused: the codec has found names in capitals, headers of the connection, and pseudo
 * headers that are unknown, doubled or in the wrong place; here is the rest.
 */
final class StreamRequest {

    /** A request, or the reason why there is none. Exactly one is not null. */
    record Result(@Nullable HttpRequest request, @Nullable String malformed) {}

    private StreamRequest() {}

    static Result of(Http2Headers received, HttpServerOptions options) {
        CharSequence method = received.method();
        CharSequence path = received.path();
        CharSequence scheme = received.scheme();
        if (method == null) {
            return malformed("no :method");
        }
        boolean connect = HttpMethod.CONNECT.asciiName().contentEquals(method);
        if (connect ? path != null || scheme != null : path == null || scheme == null) {
            return malformed(connect ? ":path or :scheme with CONNECT" : "no :path or no :scheme");
        }
        if (connect) {
            path = received.authority();
        } else if (path.isEmpty() || (path.charAt(0) != '/' && !"*".contentEquals(path))) {
            return malformed("a :path that is none");
        }
        if (path == null) {
            return malformed("CONNECT without :authority");
        }
        try {
            HttpHeaders headers = headers(received);
            HttpRequest request = new DefaultHttpRequest(
                    HttpVersion.HTTP_1_1, HttpMethod.valueOf(method.toString()), path.toString(), headers);
            if (path.length() > options.maxRequestLine()) {
                request.setDecoderResult(DecoderResult.failure(new TooLongHttpLineException("the path is too long")));
            }
            return new Result(request, null);
        } catch (IllegalArgumentException e) {
            return malformed(String.valueOf(e.getMessage()));
        }
    }

    private static Result malformed(String reason) {
        return new Result(null, reason);
    }

    /** @throws IllegalArgumentException if a name or a value has characters that it must not have, or Host is doubtful */
    private static HttpHeaders headers(Http2Headers received) {
        HttpHeaders headers = DefaultHttpHeadersFactory.headersFactory().newHeaders();
        CharSequence authority = received.authority();
        if (authority != null) {
            headers.add(HttpHeaderNames.HOST, authority);
        }
        StringBuilder cookies = new StringBuilder();
        for (Map.Entry<CharSequence, CharSequence> line : received) {
            CharSequence name = line.getKey();
            CharSequence value = line.getValue();
            if (Http2Headers.PseudoHeaderName.hasPseudoHeaderFormat(name)) {
                continue;
            }
            if (!value.isEmpty() && (isBlank(value.charAt(0)) || isBlank(value.charAt(value.length() - 1)))) {
                throw new IllegalArgumentException("a value with a space around it");
            }
            if (HttpHeaderNames.COOKIE.contentEquals(name)) {
                cookies.append(cookies.isEmpty() ? "" : "; ").append(value);
            } else if (authority == null || !HttpHeaderNames.HOST.contentEquals(name)) {
                headers.add(name, value);
            } else if (!authority.toString().equalsIgnoreCase(value.toString())) {
                throw new IllegalArgumentException("Host and :authority differ");
            }
        }
        if (!cookies.isEmpty()) {
            headers.add(HttpHeaderNames.COOKIE, cookies);
        }
        return headers;
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }
}
