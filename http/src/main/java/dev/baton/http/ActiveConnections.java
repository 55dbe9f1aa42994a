package dev.baton.http;

import dev.baton.drain.ConnectionState;
import dev.baton.drain.Connections;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Waits as the JDK's {@code HttpServer.stop} does: for requests, not for connections that are merely open. */
final class ActiveConnections {
    private ActiveConnections() {}

    /**
     * Begins the shutdown and returns when no connection is {@link ConnectionState#ACTIVE}, or when the time is over, or
     * when the thread is interrupted.
     *
     * <p>The listener is added before the states are looked at, so that a connection that ends in between is not missed.
     */
    static void awaitNone(Connections connections, Duration time) {
        Semaphore changed = new Semaphore(0);
        connections.onStateChange((_, from, _) -> {
            if (from == ConnectionState.ACTIVE) {
                changed.release();
            }
        });
        long deadline = System.nanoTime() + time.toNanos();
        var _ = connections.shutdown(time);
        try {
            boolean inTime = true;
            while (inTime && isAnyActive(connections)) {
                inTime = changed.tryAcquire(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                changed.drainPermits();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean isAnyActive(Connections connections) {
        return connections.snapshot().stream().anyMatch(each -> each.state() == ConnectionState.ACTIVE);
    }
}
