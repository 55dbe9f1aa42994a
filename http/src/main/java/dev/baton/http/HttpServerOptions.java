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
 * @param headTimeout from the first byte of a request until its head is complete; then 408 and close
 * @param idleTimeout how long a connection may stay open with no request on it. Clients that reuse a connection lose a
 *     request if the server closes it at the same moment, so this should be longer than the idle time of a proxy in
 *     front
 * @param bodyTimeout how long a handler that reads waits for the next byte of a request's body
 * @param writeTimeout how long a handler that writes waits for a client that reads nothing
 * @param maxUnreadBody how many bytes that the handler left of a request's body are read and thrown away to keep the
 *     connection usable; with more than that the connection is closed after the response
 * @param requireHost whether an HTTP/1.1 request without a {@code Host} header is answered 400, as RFC 9112, section 3.2,
 *     demands. One with two is in any case
 * @param bodyBuffer how many bytes of a request's body are held for a handler that does not read; then the socket is no
 *     longer read, and the client has to wait
 */
public record HttpServerOptions(
        int maxRequestLine,
        int maxHeadSize,
        int maxHeaders,
        Duration headTimeout,
        Duration idleTimeout,
        Duration bodyTimeout,
        Duration writeTimeout,
        long maxUnreadBody,
        boolean requireHost,
        int bodyBuffer) {

    public HttpServerOptions {
        positive("maxRequestLine", maxRequestLine);
        positive("maxHeadSize", maxHeadSize);
        positive("maxHeaders", maxHeaders);
        positive("bodyBuffer", bodyBuffer);
        if (maxUnreadBody < 0) {
            throw new IllegalArgumentException("maxUnreadBody must not be negative: " + maxUnreadBody);
        }
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
        private Duration headTimeout = Duration.ofSeconds(30);
        private Duration idleTimeout = Duration.ofSeconds(75);
        private Duration bodyTimeout = Duration.ofSeconds(60);
        private Duration writeTimeout = Duration.ofSeconds(60);
        private long maxUnreadBody = 256 * 1024;
        private boolean requireHost = true;
        private int bodyBuffer = 64 * 1024;

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

        /** Default 60 s. */
        public Builder bodyTimeout(Duration timeout) {
            bodyTimeout = Objects.requireNonNull(timeout);
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

        /** The options as they are now. */
        public HttpServerOptions build() {
            return new HttpServerOptions(
                    maxRequestLine,
                    maxHeadSize,
                    maxHeaders,
                    headTimeout,
                    idleTimeout,
                    bodyTimeout,
                    writeTimeout,
                    maxUnreadBody,
                    requireHost,
                    bodyBuffer);
        }
    }
}
