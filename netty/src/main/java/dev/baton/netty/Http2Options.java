package dev.baton.netty;

import java.time.Duration;
import java.util.Objects;

/**
 * The limits of an {@link Http2Connection}. A zero time means no limit.
 *
 * <p>What a client is told of them is in the server's SETTINGS (RFC 9113, section 6.5.2). Beyond these, Netty's own limits
 * hold: see {@link Http2Connection}.
 *
 * @param maxConcurrentStreams how many requests a client may have open at once; one more is refused (REFUSED_STREAM)
 * @param maxHeaderListSize the largest header section of a request in bytes as RFC 9113, section 6.5.2, counts them; a
 *     larger one is answered 431
 * @param streamWindow how many bytes of a request's body may come before the application has read any
 * @param connectionWindow the same for all requests of a connection together
 * @param prefaceTimeout from the installation until the client's connection preface is complete; then the connection is
 *     closed
 * @param idleTimeout how long a connection may stay open with no stream on it; then it is finished as in a drain, so that
 *     no request is lost
 */
public record Http2Options(
        int maxConcurrentStreams,
        int maxHeaderListSize,
        int streamWindow,
        int connectionWindow,
        Duration prefaceTimeout,
        Duration idleTimeout) {
    /** What a window is before anybody has changed it, and so the least that it can be (RFC 9113, section 6.9.2). */
    private static final int INITIAL_WINDOW = 65_535;

    /** @throws IllegalArgumentException if a number is too small or a time negative */
    public Http2Options {
        atLeast("maxConcurrentStreams", maxConcurrentStreams, 1);
        atLeast("maxHeaderListSize", maxHeaderListSize, 1);
        atLeast("streamWindow", streamWindow, 1);
        atLeast("connectionWindow", connectionWindow, INITIAL_WINDOW);
        notNegative("prefaceTimeout", prefaceTimeout);
        notNegative("idleTimeout", idleTimeout);
    }

    /** The defaults, which are safe for a server that the whole world can reach. */
    public static Http2Options defaults() {
        return builder().build();
    }

    /** A builder that holds the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    private static void atLeast(String name, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(name + " must be at least " + least + ": " + value);
        }
    }

    private static void notNegative(String name, Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative: " + value);
        }
    }

    /** Collects options. For one thread. */
    public static final class Builder {
        private int maxConcurrentStreams = 100;
        private int maxHeaderListSize = 64 * 1024;
        private int streamWindow = 256 * 1024;
        private int connectionWindow = 1024 * 1024;
        private Duration prefaceTimeout = Duration.ofSeconds(30);
        private Duration idleTimeout = Duration.ofSeconds(75);

        private Builder() {}

        /** Default 100, the least that RFC 9113, section 6.5.2, recommends. */
        public Builder maxConcurrentStreams(int streams) {
            maxConcurrentStreams = streams;
            return this;
        }

        /** Bytes; default 64 KiB. */
        public Builder maxHeaderListSize(int bytes) {
            maxHeaderListSize = bytes;
            return this;
        }

        /** Bytes; default 256 KiB: 5 MB/s for one upload over a round trip of 50 ms. */
        public Builder streamWindow(int bytes) {
            streamWindow = bytes;
            return this;
        }

        /** Bytes; default 1 MiB: three uploads that nobody reads do not hold up a fourth. */
        public Builder connectionWindow(int bytes) {
            connectionWindow = bytes;
            return this;
        }

        /** Default 30 s. */
        public Builder prefaceTimeout(Duration timeout) {
            prefaceTimeout = Objects.requireNonNull(timeout);
            return this;
        }

        /** Default 75 s. */
        public Builder idleTimeout(Duration timeout) {
            idleTimeout = Objects.requireNonNull(timeout);
            return this;
        }

        /** The options as they are now. */
        public Http2Options build() {
            return new Http2Options(
                    maxConcurrentStreams,
                    maxHeaderListSize,
                    streamWindow,
                    connectionWindow,
                    prefaceTimeout,
                    idleTimeout);
        }
    }
}
