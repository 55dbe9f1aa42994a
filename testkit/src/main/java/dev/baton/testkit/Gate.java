package dev.baton.testkit;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Where a handler waits until the test lets it go on. Safe for use by any thread. */
final class Gate {
    private final Semaphore reached = new Semaphore(0);
    private final CountDownLatch open = new CountDownLatch(1);

    /** The handler's side: announces itself and waits; an interrupt does not open the gate. */
    void pass() {
        reached.release();
        boolean interrupted = false;
        while (true) {
            try {
                open.await();
                break;
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits until one more handler stands at the gate. */
    void awaitReached() throws InterruptedException {
        if (!reached.tryAcquire(ContractFixture.SOON.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new AssertionError("waited " + ContractFixture.SOON + " in vain for a handler to be called");
        }
    }

    /** Whether as many more handlers have come to the gate, or come in this time. */
    boolean isReached(int more, Duration within) throws InterruptedException {
        return reached.tryAcquire(more, within.toNanos(), TimeUnit.NANOSECONDS);
    }

    void open() {
        open.countDown();
    }
}
