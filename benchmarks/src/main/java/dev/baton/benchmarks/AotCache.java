package dev.baton.benchmarks;

import dev.baton.testkit.RunningLoad;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Has the JDK record an AOT cache of the service (JEP 514), with the profiles of its methods (JEP 515). */
final class AotCache {
    private static final Duration TRAINING = Duration.ofSeconds(5);

    private AotCache() {}

    /**
     * Serves under load, restarts, serves on and stops. Every generation writes the cache when it ends; the last one is
     * what counts, because it has taken connections as the successors will that start with it.
     *
     * @return the options with which a JVM uses it
     */
    static List<String> record(Path directory, Children children, Progress progress)
            throws IOException, InterruptedException {
        progress.say("recording an AOT cache");
        Path cache = directory.resolve("service.aot");
        try (MigrationService service = MigrationService.start(
                Integer.MAX_VALUE,
                Warmth.WARMED,
                Duration.ZERO,
                List.of("-XX:AOTCacheOutput=" + cache),
                directory,
                children)) {
            try (RunningLoad running = SwitchLatencies.start(service, TRAINING)) {
                var _ = running.join();
            }
            try (RunningLoad running = SwitchLatencies.start(service, TRAINING.multipliedBy(2))) {
                service.hangUp();
                var _ = service.awaitServing();
                var _ = running.join();
            }
            service.awaitPredecessorsEnd();
            service.stop();
        }
        progress.say("it has %,d KB".formatted(Files.size(cache) / 1024));
        return List.of("-XX:AOTCache=" + cache);
    }
}
