package dev.baton.http;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * How the WebSockets of a handler behave.
 *
 * @param subprotocols that the server speaks, the preferred first; the first that the client offers too is chosen
 * @param maxFrameSize the largest frame in bytes, which is held in memory as a whole; a larger one is answered 1009
 * @param maxMessageSize the largest message in bytes, over all its frames and after decompression; a larger one is answered
 *     1009
 * @param compression whether permessage-deflate (RFC 7692) is accepted where the client offers it; it costs each such
 *     connection some hundred kilobytes of memory
 * @param pingInterval after how long without a byte from the peer a Ping is sent, and after how long without one after that
 *     the peer is given up; zero for never. Time during which the listener requests nothing does not count
 * @param closeTimeout how long, after a Close was sent, the peer's is waited for, and how long, after the peer's, the
 *     listener may take to send its own; how long, when it is to move, a moment of rest is waited for, and its state
 * @param drainPolicy what a drain does
 * @param migration how sessions go on in the process that takes over at a restart; empty if they do not
 */
public record WebSocketOptions(
        List<String> subprotocols,
        int maxFrameSize,
        long maxMessageSize,
        boolean compression,
        Duration pingInterval,
        Duration closeTimeout,
        WebSocketDrainPolicy drainPolicy,
        Optional<WebSocketMigration> migration) {

    public WebSocketOptions {
        subprotocols = List.copyOf(subprotocols);
        Objects.requireNonNull(drainPolicy);
        Objects.requireNonNull(migration);
        if (maxFrameSize < 125) {
            throw new IllegalArgumentException(
                    "maxFrameSize must be at least 125, for control frames: " + maxFrameSize);
        }
        if (maxMessageSize < 1) {
            throw new IllegalArgumentException("maxMessageSize must be at least 1: " + maxMessageSize);
        }
        if (pingInterval.isNegative()) {
            throw new IllegalArgumentException("pingInterval must not be negative: " + pingInterval);
        }
        if (!closeTimeout.isPositive()) {
            throw new IllegalArgumentException("closeTimeout must be longer than 0: " + closeTimeout);
        }
    }

    /** The defaults. */
    public static WebSocketOptions defaults() {
        return builder().build();
    }

    /** A builder that starts from the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Collects options; what is not set keeps its default. Not safe for use by several threads at once. */
    public static final class Builder {
        private List<String> subprotocols = List.of();
        private int maxFrameSize = 1 << 20;
        private long maxMessageSize = 16 << 20;
        private boolean compression;
        private Duration pingInterval = Duration.ofSeconds(30);
        private Duration closeTimeout = Duration.ofSeconds(5);
        private WebSocketDrainPolicy drainPolicy = WebSocketDrainPolicy.CLOSE;
        private Optional<WebSocketMigration> migration = Optional.empty();

        private Builder() {}

        /** Default none. */
        public Builder subprotocols(String... preferredFirst) {
            subprotocols = List.of(preferredFirst);
            return this;
        }

        /** Bytes; default 1 MiB. */
        public Builder maxFrameSize(int bytes) {
            maxFrameSize = bytes;
            return this;
        }

        /** Bytes; default 16 MiB. */
        public Builder maxMessageSize(long bytes) {
            maxMessageSize = bytes;
            return this;
        }

        /** Default false. */
        public Builder compression(boolean accepted) {
            compression = accepted;
            return this;
        }

        /** Default 30 s. */
        public Builder pingInterval(Duration interval) {
            pingInterval = Objects.requireNonNull(interval);
            return this;
        }

        /** Default 5 s. */
        public Builder closeTimeout(Duration timeout) {
            closeTimeout = Objects.requireNonNull(timeout);
            return this;
        }

        /** Default {@link WebSocketDrainPolicy#CLOSE}. */
        public Builder drainPolicy(WebSocketDrainPolicy policy) {
            drainPolicy = policy;
            return this;
        }

        /** Default none: at a restart they are closed. */
        public Builder migration(WebSocketMigration value) {
            migration = Optional.of(value);
            return this;
        }

        /** The options as they are now. */
        public WebSocketOptions build() {
            return new WebSocketOptions(
                    subprotocols,
                    maxFrameSize,
                    maxMessageSize,
                    compression,
                    pingInterval,
                    closeTimeout,
                    drainPolicy,
                    migration);
        }
    }
}
