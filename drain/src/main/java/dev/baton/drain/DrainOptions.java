package dev.baton.drain;

import java.time.Duration;
import java.util.Objects;

/**
 * How connections end during a drain.
 *
 * @param idlePolicy what becomes of connections without an outstanding request; by default {@link IdlePolicy#MIGRATE}
 * @param newConnectionGrace how long after its accept a connection that has sent nothing is left alone; by default 5
 *     seconds, as in Go's {@code Server.Shutdown}. After it the connection counts as idle
 * @param idleGrace how long after the beginning of the drain an idle connection may stay where the policy lets it; by
 *     default 30 seconds
 * @param closeSpread over which time WebSockets, hijacked connections and event streams are told to end, so that their
 *     clients do not all come back at once; by default 5 seconds. Zero tells all at once
 */
public record DrainOptions(
        IdlePolicy idlePolicy, Duration newConnectionGrace, Duration idleGrace, Duration closeSpread) {

    /** @throws IllegalArgumentException if a duration is negative */
    public DrainOptions {
        Objects.requireNonNull(idlePolicy);
        requireNotNegative("new-connection-grace", newConnectionGrace);
        requireNotNegative("idle-grace", idleGrace);
        requireNotNegative("close-spread", closeSpread);
    }

    private static void requireNotNegative(String name, Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative, but is " + value);
        }
    }

    /** The defaults. */
    public static DrainOptions defaults() {
        return builder().build();
    }

    /** A builder that holds the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Collects options. For one thread. */
    public static final class Builder {
        private IdlePolicy idlePolicy = IdlePolicy.MIGRATE;
        private Duration newConnectionGrace = Duration.ofSeconds(5);
        private Duration idleGrace = Duration.ofSeconds(30);
        private Duration closeSpread = Duration.ofSeconds(5);

        private Builder() {}

        /** See {@link DrainOptions#idlePolicy()}. */
        public Builder idlePolicy(IdlePolicy value) {
            idlePolicy = value;
            return this;
        }

        /** See {@link DrainOptions#newConnectionGrace()}. */
        public Builder newConnectionGrace(Duration value) {
            newConnectionGrace = value;
            return this;
        }

        /** See {@link DrainOptions#idleGrace()}. */
        public Builder idleGrace(Duration value) {
            idleGrace = value;
            return this;
        }

        /** See {@link DrainOptions#closeSpread()}. */
        public Builder closeSpread(Duration value) {
            closeSpread = value;
            return this;
        }

        /** The options as they are now; the builder can be used on. */
        public DrainOptions build() {
            return new DrainOptions(idlePolicy, newConnectionGrace, idleGrace, closeSpread);
        }
    }
}
