package dev.baton.testkit;

/**
 * A line that a child process, or a successor that inherited its output, has printed.
 *
 * @param text the line without its end
 * @param stderr whether it came on the standard error stream
 * @param atNanos when it was read, as {@link System#nanoTime()}
 */
public record OutputLine(String text, boolean stderr, long atNanos) {
    @Override
    public String toString() {
        return (stderr ? "err| " : "out| ") + text;
    }
}
