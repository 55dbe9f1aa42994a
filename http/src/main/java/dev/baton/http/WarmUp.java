package dev.baton.http;

import java.time.Duration;
import java.util.List;

/**
 * Requests of a successor to itself before it is ready, so that its first clients do not wait for classes to be loaded and
 * compiled. They come to the server over a private pair of sockets, on the way of a connection that moves, one after the
 * other, and no faster than half the time: the parent serves on the same machine. The first generation has none.
 *
 * <p>They are GET requests with the header {@code User-Agent: baton-warm-up}, from an address with the empty path. They go
 * through the filters, authenticators and handlers of the application, so name only paths that may be asked for without an
 * effect. Contexts that are created after {@link BatonHttpServer#start()} come too late.
 *
 * @param paths are asked for in turn, each with its query if it has one. Empty: no context of the application is asked, but
 *     one that belongs to nobody, which warms what is Baton's
 * @param requests how many in all; 0: none at all
 * @param timeLimit when that is over the warm-up ends, however far it has come
 */
public record WarmUp(List<String> paths, int requests, Duration timeLimit) {
    private static final Duration TIME_LIMIT = Duration.ofSeconds(5);

    /** @throws IllegalArgumentException if a path does not begin with a slash, or a number is not positive */
    public WarmUp {
        paths = List.copyOf(paths);
        for (String path : paths) {
            if (!path.startsWith("/") || !path.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
                throw new IllegalArgumentException(
                        "a warm-up path must begin with / and be encoded as in a request, but is: " + path);
            }
        }
        if (requests < 0) {
            throw new IllegalArgumentException("the number of warm-up requests must not be negative: " + requests);
        }
        if (!timeLimit.isPositive()) {
            throw new IllegalArgumentException("the time limit of the warm-up must be positive: " + timeLimit);
        }
    }

    /** A few requests to a context that belongs to nobody. */
    public static WarmUp defaults() {
        return new WarmUp(List.of(), 10, TIME_LIMIT);
    }

    /** None at all. */
    public static WarmUp off() {
        return new WarmUp(List.of(), 0, TIME_LIMIT);
    }

    /** 2,000 requests, in 5 s at most. */
    public static WarmUp of(String... paths) {
        return new WarmUp(List.of(paths), 2_000, TIME_LIMIT);
    }
}
