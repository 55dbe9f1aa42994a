package dev.baton.http;

import java.time.Duration;
import java.util.Objects;

/**
 * The limits of a {@link BatonHttpServer}. Times are exact to the event loop's timer, about a millisecond; a zero time
 * means no limit.
 *
 * @param maxRequestLine the longest request line in bytes; a longer one is answered 414
 * @param maxHeadSize the largest header section in bytes; a larger one is answered 431
 * @param maxHeaders the largest number of header lines in one request; more are answered 431
 * @param handshakeTimeout from the accept of a connection that speaks TLS until its handshake is done; then it is closed
 * @param headTimeout from the first byte of a request until its head is complete; then 408 and close
 * @param idleTimeout how long a connection may stay open with no request on it. Clients that reuse a connection lose a
 *     request if the server closes it at the same moment, so this should be longer than the idle time of a proxy in
 *     front
 * @param maxRequestBody the largest request body in bytes, 0 for any. If a larger one is announced, the answer is 413 and
 *     no handler is called; if it shows only while the body comes, the handler's read fails with
 *     {@link RequestBodyTooLargeException}
 * @param bodyTimeout how long a handler that reads waits for the next byte of a request's body; then its read fails, and if
 *     nothing of the response was sent, the answer is 408
 * @param minBodyRate how many bytes of a request's body must come in each second that a handler waits for it, on average
 *     and after a first {@code bodyTimeout} of waiting; 0 for no limit, and without effect if {@code bodyTimeout} is zero
 * @param writeTimeout how long a client may take to read 64 KiB of a response, or the rest of it; then the connection is
 *     closed
 * @param maxUnreadBody how many bytes that the handler left of a request's body are read and thrown away to keep the
 *     connection usable; with more than that the connection is closed after the response
 * @param requireHost whether an HTTP/1.1 request without a {@code Host} header is answered 400, as RFC 9112, section 3.2,
 *     demands. One with two is in any case
 * @param bodyBuffer how many bytes of a request's body are held for a handler that does not read; then the socket is no
 *     longer read, and the client has to wait
 * @param http2 whether HTTP/2 is spoken too: without TLS, to a client that begins with its preface (prior knowledge, RFC
 *     9113, section 3.3)
 * @param http2Upgrade whether, with {@code http2} and without TLS, a connection of HTTP/1.1 becomes one of HTTP/2 when the client asks for it
 *     ({@code Upgrade: h2c}; deprecated by RFC 9113, section 3.1). Leave it off behind a proxy that passes such a request
 *     on without understanding it: its rules would not be applied to what follows
 * @param allowConnect whether CONNECT is passed on to the context of {@code "/"}, which may make a tunnel of it; see
 *     {@link HijackedConnection#connect}. It is answered 400 otherwise
 * @param proxyProtocol whether every connection, on every listener, begins with a header of the PROXY protocol (HAProxy's
 *     specification, version 1 or 2), before TLS if that is spoken. Its addresses are those of the exchange then; one that
 *     speaks of no client (LOCAL, UNKNOWN) leaves the socket's. A connection without a well-formed header, or without one
 *     after {@code headTimeout}, is closed. The header is believed: never on a port that clients can reach themselves
 * @param warmUp what a successor asks itself before it is ready
 */
public record HttpServerOptions(
        int maxRequestLine,
        int maxHeadSize,
        int maxHeaders,
        Duration handshakeTimeout,
        Duration headTimeout,
        Duration idleTimeout,
        long maxRequestBody,
        Duration bodyTimeout,
        int minBodyRate,
        Duration writeTimeout,
        long maxUnreadBody,
        boolean requireHost,
        int bodyBuffer,
        boolean http2,
        boolean http2Upgrade,
        boolean allowConnect,
        boolean proxyProtocol,
        WarmUp warmUp) {

    public HttpServerOptions {
        Objects.requireNonNull(warmUp);
        positive("maxRequestLine", maxRequestLine);
        positive("maxHeadSize", maxHeadSize);
        positive("maxHeaders", maxHeaders);
        positive("bodyBuffer", bodyBuffer);
        notNegative("maxRequestBody", maxRequestBody);
        notNegative("minBodyRate", minBodyRate);
        notNegative("maxUnreadBody", maxUnreadBody);
        notNegative("handshakeTimeout", handshakeTimeout);
        notNegative("headTimeout", headTimeout);
        notNegative("idleTimeout", idleTimeout);
        notNegative("bodyTimeout", bodyTimeout);
        notNegative("writeTimeout", writeTimeout);
    }

    /** The defaults, which are safe for a server that the whole world can reach. */
    public static HttpServerOptions defaults() {
        return builder().build();
    }

    /** A builder that starts from the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    private static void positive(String name, int value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + " must be at least 1: " + value);
        }
    }

    private static void notNegative(String name, long value) {
        if (value < 0) {
            throw new IllegalArgumentException(name + " must not be negative: " + value);
        }
    }

    private static void notNegative(String name, Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative: " + value);
        }
    }

    /** Collects options; what is not set keeps its default. Not safe for use by several threads at once. */
    public static final class Builder {
        private int maxRequestLine = 8 * 1024;
        private int maxHeadSize = 64 * 1024;
        private int maxHeaders = 200;
        private Duration handshakeTimeout = Duration.ofSeconds(10);
        private Duration headTimeout = Duration.ofSeconds(30);
        private Duration idleTimeout = Duration.ofSeconds(75);
        private long maxRequestBody;
        private Duration bodyTimeout = Duration.ofSeconds(60);
        private int minBodyRate = 240;
        private Duration writeTimeout = Duration.ofSeconds(60);
        private long maxUnreadBody = 256 * 1024;
        private boolean requireHost = true;
        private int bodyBuffer = 64 * 1024;
        private boolean http2 = true;
        private boolean allowConnect;
        private boolean http2Upgrade;
        private boolean proxyProtocol;
        private WarmUp warmUp = WarmUp.defaults();

        private Builder() {}

        /** Bytes; default 8 KiB. */
        public Builder maxRequestLine(int bytes) {
            maxRequestLine = bytes;
            return this;
        }

        /** Bytes; default 64 KiB. */
        public Builder maxHeadSize(int bytes) {
            maxHeadSize = bytes;
            return this;
        }

        /** Default 200, as in the JDK's server. */
        public Builder maxHeaders(int lines) {
            maxHeaders = lines;
            return this;
        }

        /** Default 10 s. */
        public Builder handshakeTimeout(Duration timeout) {
            handshakeTimeout = Objects.requireNonNull(timeout);
            return this;
        }

        /** Default 30 s. */
        public Builder headTimeout(Duration timeout) {
            headTimeout = Objects.requireNonNull(timeout);
            return this;
        }

        /** Default 75 s, as in nginx: longer than the 60 s for which common load balancers keep idle connections. */
        public Builder idleTimeout(Duration timeout) {
            idleTimeout = Objects.requireNonNull(timeout);
            return this;
        }

        /**
         * Bytes; default 0, which is no limit, as in the JDK's server and in Go's {@code net/http}: bodies are streamed and
         * cost the server {@link #bodyBuffer} at most, and only the handler knows what it can take.
         */
        public Builder maxRequestBody(long bytes) {
            maxRequestBody = bytes;
            return this;
        }

        /** Default 60 s. */
        public Builder bodyTimeout(Duration timeout) {
            bodyTimeout = Objects.requireNonNull(timeout);
            return this;
        }

        /** Bytes a second; default 240, as in ASP.NET's Kestrel: less than any modem. */
        public Builder minBodyRate(int bytesPerSecond) {
            minBodyRate = bytesPerSecond;
            return this;
        }

        /** Default 60 s. */
        public Builder writeTimeout(Duration timeout) {
            writeTimeout = Objects.requireNonNull(timeout);
            return this;
        }

        /** Bytes; default 256 KiB, as in Go's {@code net/http}. */
        public Builder maxUnreadBody(long bytes) {
            maxUnreadBody = bytes;
            return this;
        }

        /** Default true. */
        public Builder requireHost(boolean required) {
            requireHost = required;
            return this;
        }

        /** Bytes; default 64 KiB. The last read from the socket may exceed it. */
        public Builder bodyBuffer(int bytes) {
            bodyBuffer = bytes;
            return this;
        }

        /** Default true. */
        public Builder http2(boolean spoken) {
            http2 = spoken;
            return this;
        }

        /** Default false. */
        public Builder allowConnect(boolean allowed) {
            allowConnect = allowed;
            return this;
        }

        /** Default false. */
        public Builder http2Upgrade(boolean allowed) {
            http2Upgrade = allowed;
            return this;
        }

        /** Default false. */
        public Builder proxyProtocol(boolean expected) {
            proxyProtocol = expected;
            return this;
        }

        /** Default {@link WarmUp#defaults()}. */
        public Builder warmUp(WarmUp requests) {
            warmUp = Objects.requireNonNull(requests);
            return this;
        }

        /** The options as they are now. */
        public HttpServerOptions build() {
            return new HttpServerOptions(
                    maxRequestLine,
                    maxHeadSize,
                    maxHeaders,
                    handshakeTimeout,
                    headTimeout,
                    idleTimeout,
                    maxRequestBody,
                    bodyTimeout,
                    minBodyRate,
                    writeTimeout,
                    maxUnreadBody,
                    requireHost,
                    bodyBuffer,
                    http2,
                    http2Upgrade,
                    allowConnect,
                    proxyProtocol,
                    warmUp);
        }
    }
}
