package dev.baton.testkit;

import java.util.OptionalInt;

/**
 * How far a running {@link Load} is.
 *
 * @param answered requests answered as expected
 * @param failed requests that failed
 * @param announcedCloses connections closed between requests as the server had announced
 * @param unannouncedCloses connections closed between requests without a word
 * @param generation the generation that gave the last answer, if it said so
 */
public record LoadProgress(
        long answered, long failed, long announcedCloses, long unannouncedCloses, OptionalInt generation) {
    static final LoadProgress NONE = new LoadProgress(0, 0, 0, 0, OptionalInt.empty());
}
