package dev.baton.testkit;

/**
 * A request that failed.
 *
 * @param kind what went wrong
 * @param detail one line that says more
 * @param reused whether earlier requests had been answered on the same connection
 * @param atNanos when it was noticed, as {@link System#nanoTime()}
 */
public record Failure(FailureKind kind, String detail, boolean reused, long atNanos) implements Outcome {
    @Override
    public String toString() {
        return kind.label() + (reused ? " on a reused connection: " : ": ") + detail;
    }
}
