package dev.baton.drain;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Closes the connections that wait for a request, when the policy allows it, during one drain.
 *
 * <p>An idle connection may be closed from {@code closeFrom} on: the beginning of the drain ({@link IdlePolicy#CLOSE})
 * or the end of the idle grace. A new one may be closed from then on too, but not before its own grace is over. One
 * timer is armed at a time: first for {@code closeFrom}, then for the oldest of the new connections.
 *
 * <p><b>Why no idle connection is missed.</b> A connection writes its state, then reads {@code closing}; the timer writes
 * {@code closing}, then reads the states. Both fields are volatile, so at least one of the two sees what the other wrote.
 * If both do, the connection is asked twice, which {@link ConnectionControl#closeIfIdle()} allows. Whether it still is
 * idle when it comes to closing is decided by the thread that owns it.
 */
final class IdleCloser {
    private final DrainTimer timer;
    private final long newConnectionGraceNanos;
    private final Supplier<List<TrackedConnection>> open;

    /** New connections whose grace is not over, oldest first. Guarded by this. */
    private final Queue<TrackedConnection> silent = new ArrayDeque<>();

    /** Guarded by this. */
    private DrainTimer.@Nullable Cancellable scheduled;

    /** Guarded by this. */
    private boolean cancelled;

    private volatile boolean closing;

    IdleCloser(DrainTimer timer, DrainOptions options, Supplier<List<TrackedConnection>> open) {
        this.timer = timer;
        this.newConnectionGraceNanos = TimeUnit.NANOSECONDS.convert(options.newConnectionGrace());
        this.open = open;
    }

    void start(DrainOptions options) {
        boolean atOnce =
                options.idlePolicy() == IdlePolicy.CLOSE || options.idleGrace().isZero();
        if (atOnce) {
            closeWaiting();
        } else {
            schedule(options.idleGrace(), this::closeWaiting);
        }
    }

    /** The drain is undone or over: nothing more is closed. */
    synchronized void cancel() {
        cancelled = true;
        closing = false;
        silent.clear();
        if (scheduled != null) {
            scheduled.cancel();
            scheduled = null;
        }
    }

    /** A connection was opened after the drain began. */
    void opened(TrackedConnection connection) {
        if (closing) {
            close(List.of(connection));
        }
    }

    void becameIdle(TrackedConnection connection) {
        if (closing) {
            connection.control().closeIfIdle();
        }
    }

    private void closeWaiting() {
        synchronized (this) {
            if (cancelled) {
                return;
            }
            closing = true;
        }
        close(open.get());
    }

    private void close(List<TrackedConnection> connections) {
        boolean anySilent = false;
        for (TrackedConnection connection : connections) {
            switch (connection.state()) {
                case IDLE -> connection.control().closeIfIdle();
                case NEW -> {
                    synchronized (this) {
                        silent.add(connection);
                    }
                    anySilent = true;
                }
                case ACTIVE, HIJACKED, CLOSED -> {
                    // Idle later, perhaps: becameIdle.
                }
            }
        }
        if (anySilent) {
            closeSilent();
        }
    }

    /** Closes the new connections whose grace is over and arms the timer for the next. */
    private void closeSilent() {
        List<TrackedConnection> expired = new ArrayList<>();
        synchronized (this) {
            long now = timer.nanoTime();
            TrackedConnection oldest = silent.peek();
            while (oldest != null && now - oldest.openedNanos() >= newConnectionGraceNanos) {
                expired.add(silent.remove());
                oldest = silent.peek();
            }
            if (oldest != null) {
                long wait = newConnectionGraceNanos - (now - oldest.openedNanos());
                schedule(Duration.ofNanos(wait), this::closeSilent);
            }
        }
        for (TrackedConnection connection : expired) {
            if (connection.state() == ConnectionState.NEW) {
                connection.control().closeIfIdle();
            }
        }
    }

    private synchronized void schedule(Duration delay, Runnable task) {
        if (cancelled) {
            return;
        }
        if (scheduled != null) {
            scheduled.cancel();
        }
        scheduled = timer.schedule(delay, task);
    }
}
