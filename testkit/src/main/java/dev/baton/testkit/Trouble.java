package dev.baton.testkit;

import java.util.Optional;

/**
 * A request of a load that failed, or whose answer took longer than {@link Load#patience}.
 *
 * @param beganNanos when it began, connection included, as {@link System#nanoTime()}
 * @param endedNanos when it was answered, or its failure was noticed
 * @param failure empty if it was answered
 */
public record Trouble(long beganNanos, long endedNanos, Optional<Failure> failure) {
    @Override
    public String toString() {
        return failure.map(Failure::toString).orElse("answered") + " after " + (endedNanos - beganNanos) / 1_000_000
                + " ms";
    }
}
