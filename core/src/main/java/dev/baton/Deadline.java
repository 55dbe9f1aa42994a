package dev.baton;

import java.time.Duration;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * The limit of a wait for another process; on the owner thread.
 *
 * <p>When this process was frozen itself (SIGSTOP, a debugger, a machine without time for it), its timers are due at the
 * same moment as it sees what the other has said meanwhile, and the timers come first. So a deadline that notices that it
 * is late waits once more, and does not blame the other for its own absence.
 */
final class Deadline {
    private static final Duration LATE = Duration.ofMillis(200);

    /** Long enough to handle what waits, on a busy machine too. */
    private static final Duration EXTENSION = Duration.ofSeconds(2);

    private final Owner owner;
    private final Runnable missed;
    private final long due;
    private @Nullable Future<?> timer;

    private Deadline(Owner owner, Duration limit, Runnable missed) {
        this.owner = owner;
        this.missed = missed;
        this.due = System.nanoTime() + limit.toNanos();
    }

    /**
     * Begins a wait.
     *
     * @param missed what follows if it is not {@linkplain #cancel() cancelled} in time
     */
    static Deadline in(Owner owner, Duration limit, Runnable missed) {
        Deadline deadline = new Deadline(owner, limit, missed);
        deadline.timer = owner.schedule(limit, deadline::fire);
        return deadline;
    }

    private void fire() {
        if (System.nanoTime() - due < LATE.toNanos()) {
            missed.run();
        } else {
            timer = owner.schedule(EXTENSION, missed);
        }
    }

    /** What was waited for has come. */
    void cancel() {
        if (timer != null) {
            timer.cancel(false);
        }
    }
}
