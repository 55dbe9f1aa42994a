package dev.baton.testkit;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * An HTTP/1.1 request and the body that must answer it. Immutable.
 *
 * <p>HEAD is not supported, because a response to it does not frame itself.
 */
public final class Request {
    private final String method;
    private final String target;
    private final Map<String, String> headers;
    private final byte[] body;
    private final ExpectedBody expected;

    private Request(String method, String target, Map<String, String> headers, byte[] body, ExpectedBody expected) {
        if (method.equals("HEAD")) {
            throw new IllegalArgumentException("HEAD is not supported: send it with StrictConnection.write");
        }
        this.method = method;
        this.target = Objects.requireNonNull(target);
        this.headers = headers;
        this.body = body;
        this.expected = Objects.requireNonNull(expected);
    }

    /** A GET. */
    public static Request get(String target, ExpectedBody expected) {
        return new Request("GET", target, Map.of(), new byte[0], expected);
    }

    /** A request with a body, sent with {@code Content-Length}. */
    public static Request withBody(String method, String target, byte[] body, ExpectedBody expected) {
        Map<String, String> length = Map.of("Content-Length", Integer.toString(body.length));
        return new Request(method, target, length, body.clone(), expected);
    }

    /** This request with one more header, which replaces one of the same name. */
    public Request withHeader(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new Request(method, target, more, body, expected);
    }

    /** The path and query asked for. */
    public String target() {
        return target;
    }

    ExpectedBody expected() {
        return expected;
    }

    /** The bytes on the wire. */
    byte[] encode(String host) {
        StringBuilder head = new StringBuilder(128)
                .append(method)
                .append(' ')
                .append(target)
                .append(" HTTP/1.1\r\nHost: ")
                .append(host)
                .append("\r\n");
        headers.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        byte[] start = head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
        byte[] whole = new byte[start.length + body.length];
        System.arraycopy(start, 0, whole, 0, start.length);
        System.arraycopy(body, 0, whole, start.length, body.length);
        return whole;
    }

    @Override
    public String toString() {
        return method + " " + target;
    }
}
