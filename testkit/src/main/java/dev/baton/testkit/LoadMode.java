package dev.baton.testkit;

import java.time.Duration;

/** How the clients of a {@link Load} use their connections. */
public sealed interface LoadMode {
    /** A new connection for each request, which asks for {@code Connection: close}. */
    static LoadMode newConnections() {
        return newConnections(Duration.ZERO);
    }

    /** As {@link #newConnections()}, with a pause of this length between an answer and the next connection. */
    static LoadMode newConnections(Duration pause) {
        return new NewConnections(pause);
    }

    /** Persistent connections, one request right after the other. */
    static LoadMode persistent() {
        return persistent(Duration.ZERO, Duration.ZERO);
    }

    /** Persistent connections that are idle for this long between an answer and the next request. */
    static LoadMode persistent(Duration thinkTime) {
        return persistent(thinkTime, thinkTime);
    }

    /** Persistent connections with a random think time (from a fixed seed), evenly spread between these bounds. */
    static LoadMode persistent(Duration least, Duration most) {
        return new Persistent(least, most);
    }

    /**
     * See {@link #newConnections(Duration)}.
     *
     * @param pause the time between an answer and the next connection
     */
    record NewConnections(Duration pause) implements LoadMode {
        /** Checks the pause. */
        public NewConnections {
            if (pause.isNegative()) {
                throw new IllegalArgumentException("a pause of " + pause + " is not possible");
            }
        }
    }

    /**
     * See {@link #persistent(Duration, Duration)}.
     *
     * @param least the shortest think time
     * @param most the longest think time
     */
    record Persistent(Duration least, Duration most) implements LoadMode {
        /** Checks the bounds. */
        public Persistent {
            if (least.isNegative() || most.compareTo(least) < 0) {
                throw new IllegalArgumentException("no think time lies between " + least + " and " + most);
            }
        }
    }
}
