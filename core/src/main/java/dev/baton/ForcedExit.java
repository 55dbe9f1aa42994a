package dev.baton;

import java.time.Duration;
import java.util.List;

/**
 * Ends a process whose program does not end by itself when the drain-timeout has cut its requests.
 *
 * <p>A handler that was cut may go on: it computes, or ignores interrupts. On a thread that is no daemon, such as those of
 * most pools, it would keep the JVM alive after {@code main} has returned, and an old generation would stay for as long as
 * the handler does. The thread that waits here is a daemon, so a program that ends in time never notices it.
 */
final class ForcedExit {
    /** For what a program does after {@link Baton#awaitExit()}: to flush, and to close what it has opened. */
    private static final Duration GRACE = Duration.ofSeconds(1);

    private ForcedExit() {}

    static void arm() {
        Thread.ofPlatform().daemon().name("baton-forced-exit").start(() -> {
            try {
                Thread.sleep(GRACE);
            } catch (InterruptedException e) {
                return; // Nobody interrupts it but a program that wants to end in its own way.
            }
            Log.programDoesNotEnd(GRACE, threadsThatHold());
            System.exit(0);
        });
    }

    private static List<String> threadsThatHold() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !thread.isDaemon())
                .map(Thread::getName)
                .sorted()
                .toList();
    }
}
