package dev.baton.system;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;

/** Looks at a path once a millisecond, to see whether it is always there and always the same file. */
final class PathWatch implements AutoCloseable {
    private static final long PERIOD_NANOS = 1_000_000;

    private final Path path;
    private final Thread thread;
    private volatile boolean closed;
    private Report report = new Report(0, 0, new TreeSet<>());

    /**
     * What was seen.
     *
     * @param looks how often it was looked for
     * @param missing how often it was not there
     * @param inodes the files that were seen there
     */
    record Report(long looks, long missing, TreeSet<Long> inodes) {}

    PathWatch(Path path) {
        this.path = path;
        this.thread = Thread.ofPlatform().daemon().name("path-watch").start(this::watch);
    }

    private void watch() {
        long looks = 0;
        long missing = 0;
        TreeSet<Long> inodes = new TreeSet<>();
        long next = System.nanoTime();
        while (!closed) {
            looks++;
            try {
                inodes.add((Long) Files.getAttribute(path, "unix:ino"));
            } catch (NoSuchFileException e) {
                missing++;
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
            next = Math.max(next + PERIOD_NANOS, System.nanoTime());
            LockSupport.parkNanos(next - System.nanoTime());
        }
        report = new Report(looks, missing, inodes);
    }

    /** Ends, and tells. */
    Report stop() throws InterruptedException {
        closed = true;
        thread.join();
        return report;
    }

    @Override
    public void close() {
        closed = true;
    }
}
