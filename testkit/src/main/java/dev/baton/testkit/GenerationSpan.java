package dev.baton.testkit;

/**
 * What one generation answered.
 *
 * @param answers how many requests
 * @param firstNanos when its first answer was complete, as {@link System#nanoTime()}
 * @param lastNanos when its last answer was complete
 */
public record GenerationSpan(long answers, long firstNanos, long lastNanos) {}
