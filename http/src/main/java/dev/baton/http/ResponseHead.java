package dev.baton.http;

import com.sun.net.httpserver.Headers;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.List;
import java.util.Map;

/**
 * The head of a final response and how its body is framed (RFC 9112, section 6).
 *
 * @param length the exact length of the body; of meaning only with {@link Framing#FIXED}
 */
record ResponseHead(HttpResponseStatus status, HttpHeaders headers, Framing framing, long length, boolean keepAlive) {

    /** How the client finds the end of the body. */
    enum Framing {
        /** There is no body. */
        NONE,
        /** As {@link #NONE}, for HEAD: what the handler writes is thrown away, so that one handler can serve GET too. */
        DISCARDED,
        FIXED,
        CHUNKED,
        /** For a client that knows no chunks (HTTP/1.0). */
        UNTIL_CLOSE
    }

    /** What of a request decides about the head of its response. */
    record Asked(boolean head, boolean http10, boolean keepAlive) {}

    /**
     * Completes the handler's headers as {@link com.sun.net.httpserver.HttpExchange#sendResponseHeaders} says, and makes
     * of them what goes to the client. Framing is never the handler's: a {@code Transfer-Encoding} or a contradicting
     * {@code Content-Length} of its own is removed.
     *
     * @throws IllegalArgumentException if a header would break the response apart
     */
    static ResponseHead of(Asked asked, int code, long length, Headers headers) {
        Framing framing = framing(asked, code, length);
        headers.put("Date", List.of(HttpDate.now()));
        headers.remove("Transfer-encoding");
        switch (framing) {
            case FIXED -> headers.put("Content-length", List.of(Long.toString(length)));
            case CHUNKED -> {
                headers.remove("Content-length");
                headers.put("Transfer-encoding", List.of("chunked"));
            }
            case UNTIL_CLOSE -> headers.remove("Content-length");
            case DISCARDED -> {
                if (length > 0) {
                    headers.putIfAbsent("Content-length", List.of(Long.toString(length)));
                }
            }
            case NONE -> {
                if (code == 204) {
                    headers.remove("Content-length");
                } else if (code != 304) {
                    headers.put("Content-length", List.of("0"));
                }
            }
        }
        HttpHeaders lines = lines(headers);
        boolean keepAlive = asked.keepAlive
                && framing != Framing.UNTIL_CLOSE
                && !lines.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE, true);
        connection(lines, asked, keepAlive);
        return new ResponseHead(HttpResponseStatus.valueOf(code), lines, framing, length, keepAlive);
    }

    /** Whether the response is complete with its head. */
    boolean isBodiless() {
        return framing == Framing.NONE || framing == Framing.DISCARDED;
    }

    private static Framing framing(Asked asked, int code, long length) {
        if (asked.head) {
            return Framing.DISCARDED;
        }
        if (code == 204 || code == 205 || code == 304 || length < 0) {
            return Framing.NONE;
        }
        if (length > 0) {
            return Framing.FIXED;
        }
        return asked.http10 ? Framing.UNTIL_CLOSE : Framing.CHUNKED;
    }

    /** Netty's form; throws IllegalArgumentException for characters that would break the response apart. */
    static HttpHeaders lines(Headers headers) {
        HttpHeaders lines = DefaultHttpHeadersFactory.headersFactory().newHeaders();
        for (Map.Entry<String, List<String>> entry : headers.entrySet()) {
            lines.add(entry.getKey(), entry.getValue());
        }
        return lines;
    }

    private static void connection(HttpHeaders lines, Asked asked, boolean keepAlive) {
        if (!keepAlive) {
            lines.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (asked.http10) {
            lines.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
    }
}
