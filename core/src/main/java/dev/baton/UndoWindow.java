package dev.baton;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * The time after a switch in which the parent is parked and can come back; on the owner thread.
 *
 * <p>While it is open the successor is asked again and again whether it is well. It answers on its own owner thread, so
 * that a process that hangs, is frozen or thrashes is found out although its end of the stream is open, and with what the
 * program's health check says, if it has one. If a URL is given, it is fetched too, through the listener: there the
 * successor alone accepts at this time.
 *
 * <p>The window ends with a good answer, the first after its time is over: the end of a successor that has died is not
 * always seen before a timer, after this process was frozen above all.
 */
final class UndoWindow {
    /** Long enough for a garbage collection or a busy machine, which are no reason to undo a release. */
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(5);

    /** One bad answer may be an accident. */
    private static final int FAILURES = 3;

    private final Owner owner;
    private final SuccessorLink link;
    private final Duration interval;
    private final Optional<HealthUrl> url;
    private final long end;
    private final Runnable over;
    private final Verdict unhealthy;

    private @Nullable Deadline answer;
    private @Nullable Future<?> next;
    private boolean open = true;
    private int failures;

    /** Hears why the successor is not well. */
    interface Verdict {
        void unhealthy(String reason);
    }

    /**
     * Opens a window.
     *
     * @param over called when it ends by itself
     * @param unhealthy called when the successor is not well; the window is closed then
     */
    UndoWindow(Owner owner, SuccessorLink link, BatonOptions options, Runnable over, Verdict unhealthy) {
        this.owner = owner;
        this.link = link;
        this.interval = options.healthInterval();
        this.url = options.healthUrl().map(address -> new HealthUrl(address, ANSWER_TIMEOUT));
        this.over = over;
        this.unhealthy = unhealthy;
        this.end = System.nanoTime() + options.undoWindow().toNanos();
        ask();
    }

    void close() {
        open = false;
        if (answer != null) {
            answer.cancel();
        }
        if (next != null) {
            next.cancel(false);
        }
    }

    /** For how long it is open at least. */
    Duration remaining() {
        return Duration.ofNanos(Math.max(0, end - System.nanoTime()));
    }

    private void ask() {
        if (open) {
            link.send(SuccessorLink::sendHealth);
            answer = Deadline.in(owner, ANSWER_TIMEOUT, () -> fail("does not answer"));
        }
    }

    /** The successor's answer. */
    void answered(boolean healthy) {
        if (!open || answer == null) {
            return; // Not asked for.
        }
        answer.cancel();
        answer = null;
        if (!healthy) {
            count(Optional.of("says that it is not healthy"));
        } else if (url.isPresent()) {
            var _ = url.get().fetch().thenAccept(problem -> owner.post(() -> count(problem)));
        } else {
            count(Optional.empty());
        }
    }

    private void count(Optional<String> problem) {
        if (!open) {
            return;
        }
        failures = problem.isPresent() ? failures + 1 : 0;
        if (failures >= FAILURES) {
            fail(problem.orElseThrow());
        } else if (problem.isEmpty() && remaining().isZero()) {
            close();
            over.run();
        } else {
            Duration pause =
                    Duration.ofNanos(Math.min(interval.toNanos(), remaining().toNanos()));
            next = owner.schedule(problem.isPresent() ? interval : pause, this::ask);
        }
    }

    private void fail(String reason) {
        if (open) {
            close();
            unhealthy.unhealthy(reason);
        }
    }
}
