package dev.baton.agent;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * When the program can serve: when it listens on all that its parent had and waits for what comes, and no application of
 * Spring Boot is being started in it. Such a one listens some time before its runners and the listeners of its events are
 * through; and others may be started in the course of it, as Spring Cloud's bootstrap is, which listen on nothing.
 */
final class Readiness {
    private final BooleanSupplier listening;
    private final CountDownLatch reached = new CountDownLatch(1);
    private int starting; // guarded by this

    /** Asks {@code listening} at each change, on the thread that has made it. */
    Readiness(BooleanSupplier listening) {
        this.listening = listening;
    }

    /** The start of something that the program cannot serve without begins (1), or is over (-1), however it has ended. */
    void starts(int change) {
        synchronized (this) {
            starting += change;
        }
        changed();
    }

    /** Whoever makes the last of the changes that are needed sees all of them here. */
    void changed() {
        if (!isStarting() && listening.getAsBoolean()) {
            reached.countDown();
        }
    }

    private synchronized boolean isStarting() {
        return starting > 0;
    }

    /** Waits until it is reached; it does not end. */
    void await() throws InterruptedException {
        reached.await();
    }

    /** Waits so long, and tells whether it is reached. */
    boolean await(Duration patience) throws InterruptedException {
        return reached.await(patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    boolean isReached() {
        return reached.getCount() == 0;
    }
}
