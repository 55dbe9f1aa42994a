package dev.baton.testkit;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;

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
        if (!reached.tryAcquire(ContractFixture.SOON.toMillis(), java.util.concurrent.TimeUnit.MILLISECONDS)) {
            throw new AssertionError("waited " + ContractFixture.SOON + " in vain for a handler to be called");
        }
    }

    void open() {
        open.countDown();
    }
}
