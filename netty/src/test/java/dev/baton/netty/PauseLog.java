package dev.baton.netty;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Hears when a server pauses because it cannot accept. */
final class PauseLog extends Handler implements AutoCloseable {
    private final Logger logger = Logger.getLogger("dev.baton.netty");

    /** When each pause began; guarded by this. */
    private final List<Long> pauses = new ArrayList<>();

    PauseLog() {
        logger.addHandler(this);
        logger.setUseParentHandlers(false);
    }

    /** Runs the path of a record once, so that its classes are there. */
    synchronized void warmUp() {
        logger.log(Level.WARNING, "Cannot accept on {0}: {1}", new Object[] {"nothing", "a test"});
        pauses.clear();
    }

    @Override
    public synchronized void publish(LogRecord record) {
        if (record.getMessage().startsWith("Cannot accept")) {
            pauses.add(System.nanoTime());
            notifyAll();
        }
    }

    synchronized void awaitPauses(int count) throws InterruptedException {
        long deadline = System.nanoTime() + TestServer.SOON.toNanos();
        while (pauses.size() < count) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new AssertionError("waited in vain for pause " + count + " of which came " + pauses.size());
            }
            wait(left);
        }
    }

    synchronized Duration shortestInterval() {
        long shortest = Long.MAX_VALUE;
        for (int i = 1; i < pauses.size(); i++) {
            shortest = Math.min(shortest, pauses.get(i) - pauses.get(i - 1));
        }
        return Duration.ofNanos(shortest);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        logger.removeHandler(this);
        logger.setUseParentHandlers(true);
    }
}
