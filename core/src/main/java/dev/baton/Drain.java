package dev.baton;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Finishing what a generation has begun; on the owner thread.
 *
 * <p>It ends the generation when it is done, or overdue, and not before {@link #release}: as long as the generation can
 * come back, an end of its connections is no end, and nothing is cut.
 */
final class Drain {
    private final Owner owner;
    private final Duration timeout;
    private final Consumer<Boolean> ended;

    private long startedAt = System.nanoTime();
    private @Nullable Future<?> deadline;
    private boolean over;
    private boolean overdue;
    private boolean released;
    private boolean cancelled;

    /**
     * One that has not begun.
     *
     * @param timeout when it is overdue; zero: never
     * @param ended hears, once, that the generation may end, and whether that is because the drain is overdue
     */
    Drain(Owner owner, Duration timeout, Consumer<Boolean> ended) {
        this.owner = owner;
        this.timeout = timeout;
        this.ended = ended;
    }

    void begin(CompletionStage<Void> drained) {
        startedAt = System.nanoTime();
        if (timeout.isPositive()) {
            deadline = owner.schedule(timeout, () -> {
                if (!over && !cancelled) {
                    over = true;
                    overdue = true;
                    Log.drainDeadline(timeout);
                    endIfReleased();
                }
            });
        }
        owner.postAfter(drained, failure -> {
            if (!cancelled) {
                failure.ifPresent(Log::participantFailed);
                over = true;
                overdue = false; // Late, and yet before anything was cut.
                endIfReleased();
            }
        });
    }

    /** There is no way back. */
    void release() {
        released = true;
        endIfReleased();
    }

    private void endIfReleased() {
        if (released && over && !cancelled) {
            cancel();
            ended.accept(overdue);
        }
    }

    /** The generation serves again, or has ended. */
    void cancel() {
        cancelled = true;
        if (deadline != null) {
            deadline.cancel(false);
        }
    }

    /** How long it may still take; empty if it is over, or may take for ever. */
    Optional<Duration> left() {
        if (deadline == null || over || cancelled) {
            return Optional.empty();
        }
        Duration left = timeout.minus(elapsed());
        return Optional.of(left.isNegative() ? Duration.ZERO : left);
    }

    Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - startedAt);
    }
}
