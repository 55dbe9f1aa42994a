package dev.baton.benchmarks;

import dev.baton.benchmarks.HelloProcess.Line;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The time from SIGHUP until the successor is ready, against the time from the start of the same program until it serves.
 *
 * <p>Both end with the line that Baton logs at that moment. Every round starts the program anew and restarts it once.
 */
final class RestartComparison {
    /** A JVM that has just started is still compiling, which would slow the measurement that follows. */
    private static final Duration CALM = Duration.ofMillis(500);

    private RestartComparison() {}

    static List<Ratio> run(int count, Progress progress) throws IOException, InterruptedException {
        var _ = round(); // Brings the class path into the page cache.
        List<Double> ratios = new ArrayList<>();
        for (int round = 1; round <= count; round++) {
            progress.say("restart, round %d of %d".formatted(round, count));
            ratios.add(round());
        }
        return List.of(new Ratio("HelloServer: SIGHUP to ready / plain start to serving", "at most 1.1", ratios));
    }

    private static double round() throws IOException, InterruptedException {
        calm();
        long started = System.nanoTime();
        try (HelloProcess hello = HelloProcess.start()) {
            long serving = hello.await("generation 1 (pid ", " serves").atNanos();
            calm();
            long signalled = hello.hangUp();
            Line ready = hello.await("generation 2 (pid ", " is ready after ");
            hello.successor(ready);
            return (double) (ready.atNanos() - signalled) / (serving - started);
        }
    }

    private static void calm() throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(CALM.toNanos());
    }
}
