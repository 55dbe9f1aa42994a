package dev.baton.benchmarks;

/** Says on the standard error stream what is going on. */
final class Progress {
    private final long start = System.nanoTime();

    void say(String what) {
        System.err.printf("%4d s  %s%n", (System.nanoTime() - start) / 1_000_000_000, what);
    }
}
