package dev.baton.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Decides what hangs: what takes longer than a second, not counting the time in which the machine was too busy to let every
 * process run (Linux's pressure stall information, {@code /proc/pressure/cpu}); and whatever takes longer than five. So the
 * rule is as strict as can be where the machine is idle, and a crowded one does not make it fail.
 */
final class Patience implements AutoCloseable {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final long MOST = Duration.ofSeconds(5).toNanos();
    private static final Path PRESSURE = Path.of("/proc/pressure/cpu");
    private static final Duration PERIOD = Duration.ofMillis(20);

    /** By the instant, the nanoseconds for which some process had had to wait by then. */
    private final ConcurrentSkipListMap<Long, Long> stalls = new ConcurrentSkipListMap<>();

    private final ScheduledExecutorService sampler = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("patience").factory());

    Patience() {
        if (Files.exists(PRESSURE)) {
            var _ = sampler.scheduleAtFixedRate(this::sample, 0, PERIOD.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void sample() {
        try {
            String some = Files.readAllLines(PRESSURE).getFirst();
            long micros = Long.parseLong(some.substring(some.lastIndexOf('=') + 1));
            stalls.put(System.nanoTime(), TimeUnit.MICROSECONDS.toNanos(micros));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether what began and ended then has hung. */
    boolean isExceeded(long began, long ended) {
        long took = ended - began;
        return took > MOST || took > SECOND + stalled(began, ended);
    }

    private long stalled(long began, long ended) {
        Map.Entry<Long, Long> first = stalls.floorEntry(began);
        Map.Entry<Long, Long> last = stalls.ceilingEntry(ended);
        return first == null || last == null ? 0 : last.getValue() - first.getValue();
    }

    @Override
    public void close() {
        sampler.shutdownNow();
    }
}
