package dev.baton.drain;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one server, and how they end.
 *
 * <pre>
 *             drain                shutdown
 *   SERVING ---------> DRAINING --------------> SHUT_DOWN        any ---- close ----> CLOSED
 *      | ^               |                          ^
 *      | +---- resume ---+                          |            SHUT_DOWN and CLOSED are final
 *      +------------------------- shutdown ---------+
 * </pre>
 *
 * <p>{@link #drain} is the reversible half of a restart: the server has stopped accepting, finishes what was begun, and
 * may be {@linkplain #resume() resumed}. {@link #shutdown} is Go's {@code Server.Shutdown} and {@link #close} its
 * {@code Server.Close}. All three are about connections alone: whoever calls them has stopped accepting first.
 *
 * <p>Two rules differ from Go's: the returned futures complete with the last connection, never at a poll, and what
 * becomes of idle connections is a {@linkplain IdlePolicy policy}.
 *
 * <p>Safe for use by any thread. No method blocks.
 */
public final class Connections {
    private static final Logger LOGGER = System.getLogger("dev.baton.drain");

    private enum Phase {
        SERVING,
        DRAINING,
        SHUT_DOWN,
        CLOSED
    }

    private final DrainOptions options;
    private final DrainTimer timer;
    private final List<StateListener> stateListeners = new CopyOnWriteArrayList<>();

    /**
     * Guards the fields below. It is taken when a connection begins and when it ends, never for a request. No callback,
     * no {@link ConnectionControl} and no future is called under it.
     */
    private final Object lock = new Object();

    private final ConnectionList open = new ConnectionList();
    private final List<Consumer<DrainReason>> shutdownCallbacks = new CopyOnWriteArrayList<>();
    private Phase phase = Phase.SERVING;

    /** Those that a close has found active, each counted once. They stay here, because the server is at its end. */
    private final Set<TrackedConnection> cutShort = new HashSet<>();

    private volatile boolean shutdownAnnounced;

    /** The drain that is going on; written under the lock, read by every request. */
    @Nullable
    private volatile Drain current;

    /** One drain, from its beginning until it is undone or the server is gone. */
    private static final class Drain {
        private final DrainReason reason;
        private final IdleCloser idleCloser;
        private final CompletableFuture<DrainResult> result = new CompletableFuture<>();

        /** No connection was left, so that the result is, or is about to be, complete. Guarded by the lock. */
        private boolean over;

        Drain(DrainReason reason, IdleCloser idleCloser) {
            this.reason = reason;
            this.idleCloser = idleCloser;
        }
    }

    /** With the clock of the machine. */
    public Connections(DrainOptions options) {
        this(options, DrainTimer.system());
    }

    /** With a clock of the caller's. */
    public Connections(DrainOptions options, DrainTimer timer) {
        this.options = options;
        this.timer = timer;
    }

    /** The options that were given. */
    public DrainOptions options() {
        return options;
    }

    /**
     * Registers a connection that was just accepted, as {@link ConnectionState#NEW}.
     *
     * @throws ServerClosedException if the server is closed, or shut down and its last connection gone; the caller closes
     *     the socket
     */
    public TrackedConnection open(ConnectionControl control) {
        return add(new TrackedConnection(this, control, timer.nanoTime()), false);
    }

    /**
     * Registers a connection that goes on here after another process has served it. The state listeners see it appear in
     * the state of its history, and its counts and its age go on.
     *
     * @throws ServerClosedException if the server is closed, or its last connection has ended in a drain, so that the
     *     process may be about to exit; the connection is for the other process to keep
     */
    public TrackedConnection adopt(ConnectionControl control, ConnectionHistory history) {
        return add(new TrackedConnection(this, control, timer.nanoTime(), history), true);
    }

    private TrackedConnection add(TrackedConnection connection, boolean adopted) {
        Drain drain;
        synchronized (lock) {
            drain = current;
            boolean gone = drain != null && drain.over;
            if (phase == Phase.CLOSED || (gone && (adopted || phase == Phase.SHUT_DOWN))) {
                throw new ServerClosedException("take a connection");
            }
            open.add(connection);
        }
        ConnectionState state = connection.state();
        stateChanged(connection, state, state);
        if (drain != null) {
            // Accepted before the server stopped accepting, registered after; or one that moves on.
            connection.control().drain(drain.reason);
            drain.idleCloser.opened(connection);
        }
        return connection;
    }

    /** Hears of every change from now on. */
    public void onStateChange(StateListener listener) {
        stateListeners.add(listener);
    }

    /**
     * To be called once when a drain or a shutdown begins, and at once if one has. All callbacks run at the same time,
     * each on a daemon thread of its own, and nothing waits for them: this is how hijacked connections hear of it. A
     * {@link #close()} without a drain before it calls none, as Go's {@code Server.Close}.
     */
    public void onShutdown(Consumer<DrainReason> callback) {
        Drain drain;
        synchronized (lock) {
            shutdownCallbacks.add(callback);
            drain = current;
        }
        if (drain != null) {
            ShutdownCallbacks.run(callback, drain.reason);
        }
    }

    /** The connections that are open, oldest first, without the hijacked ones. */
    public List<ConnectionSnapshot> snapshot() {
        return copyOfOpen().stream()
                .map(TrackedConnection::snapshot)
                // One that ends at this moment says so before it leaves the list.
                .filter(each -> !each.state().isTerminal())
                .toList();
    }

    /** How many connections are open, without the hijacked ones. */
    public int size() {
        synchronized (lock) {
            return open.size();
        }
    }

    /** Why the connections are to end; empty while the server serves as usual. Costs two volatile reads. */
    public Optional<DrainReason> drainReason() {
        Drain drain = current;
        if (drain != null) {
            return Optional.of(drain.reason);
        }
        return shutdownAnnounced ? Optional.of(DrainReason.STOPPED) : Optional.empty();
    }

    /**
     * Says that a {@link #shutdown} follows as soon as nothing is accepted any more: responses that begin after this call
     * tell their clients that the connection closes. Go's {@code Server.Shutdown} does the same first of all. Without it a
     * handler that begins the shutdown could answer before the drain does.
     */
    public void announceShutdown() {
        shutdownAnnounced = true;
    }

    /**
     * Begins to finish all connections; {@link #resume()} undoes it. While a drain is going on, gives that one's future.
     *
     * @throws ServerClosedException after {@link #shutdown} or {@link #close}
     */
    public CompletableFuture<DrainResult> drain(DrainReason reason) {
        synchronized (lock) {
            if (phase == Phase.SHUT_DOWN || phase == Phase.CLOSED) {
                throw new ServerClosedException("drain");
            }
        }
        return begin(reason, Phase.DRAINING).result.copy();
    }

    /**
     * Undoes a {@linkplain #drain drain}; does nothing when there is none.
     *
     * @throws ServerClosedException after {@link #shutdown} or {@link #close}
     */
    public void resume() {
        Drain drain;
        List<TrackedConnection> connections;
        synchronized (lock) {
            if (phase == Phase.SHUT_DOWN || phase == Phase.CLOSED) {
                throw new ServerClosedException("resume");
            }
            drain = current;
            current = null;
            phase = Phase.SERVING;
            connections = open.copy();
        }
        if (drain != null) {
            drain.idleCloser.cancel();
            connections.forEach(each -> each.control().resume());
            drain.result.complete(DrainResult.RESUMED);
        }
    }

    /**
     * Finishes all connections, finally. The future completes with the last connection, or when the deadline has passed;
     * in that case nothing is closed and the drain goes on.
     *
     * <p>May be called again, with a deadline of its own.
     */
    public CompletableFuture<ShutdownResult> shutdown(Duration deadline) {
        Drain drain = begin(DrainReason.STOPPED, Phase.SHUT_DOWN);
        CompletableFuture<ShutdownResult> result = new CompletableFuture<>();
        DrainTimer.Cancellable timeout = timer.schedule(deadline, () -> {
            List<ConnectionSnapshot> left = snapshot();
            if (!left.isEmpty()) {
                result.complete(new ShutdownResult.TimedOut(left));
            }
            // Otherwise the last connection has ended at this moment, and whoever ended it completes the future.
        });
        var _ = drain.result.thenAccept(_ -> {
            timeout.cancel();
            result.complete(new ShutdownResult.Completed(requestsCut()));
        });
        return result;
    }

    /**
     * Closes every connection now, but the hijacked ones; final. A second call closes what is left.
     *
     * @return how many connections had a request cut short: were {@link ConnectionState#ACTIVE}, and not because their
     *     peer goes on sending what was answered already
     */
    public int close() {
        begin(DrainReason.STOPPED, Phase.CLOSED);
        List<TrackedConnection> connections = copyOfOpen();
        List<TrackedConnection> busy =
                connections.stream().filter(TrackedConnection::hasRequest).toList();
        int cut;
        synchronized (lock) {
            int before = cutShort.size();
            cutShort.addAll(busy);
            cut = cutShort.size() - before;
        }
        connections.forEach(each -> each.control().close());
        return cut;
    }

    /**
     * Goes to a later phase and gives the drain that goes on in it.
     *
     * <p>The connections that are told of the drain are those of the copy: one that is opened before it is in it, one
     * that is opened later finds {@code current} set and is told by {@link #open}. Both hold the lock, so there is no
     * connection that is told twice or never.
     */
    private Drain begin(DrainReason reason, Phase next) {
        Drain drain;
        List<TrackedConnection> connections;
        synchronized (lock) {
            phase = next.compareTo(phase) > 0 ? next : phase;
            Drain running = current;
            if (running != null) {
                return running;
            }
            drain = new Drain(reason, new IdleCloser(timer, options, this::copyOfOpen));
            current = drain;
            connections = open.copy();
            drain.over = connections.isEmpty();
        }
        if (next != Phase.CLOSED) {
            shutdownCallbacks.forEach(each -> ShutdownCallbacks.run(each, reason));
            connections.forEach(each -> each.control().drain(reason));
            drain.idleCloser.start(options);
        }
        if (connections.isEmpty()) {
            drain.result.complete(DrainResult.COMPLETED);
        }
        return drain;
    }

    /**
     * A connection has left the registry.
     *
     * <p><b>Why the last one completes the drain exactly once.</b> Leaving and beginning a drain hold the lock. If the
     * last connection leaves first, the copy in {@link #begin} is empty and {@code begin} completes the future; if the
     * drain begins first, {@code current} is set and the leaver completes it. Completing twice is without effect. That the
     * drain is over is decided under the lock too: so a connection of another process comes in before that, and the drain
     * waits for it, or is refused.
     */
    void ended(TrackedConnection connection) {
        Drain drain;
        boolean last;
        synchronized (lock) {
            open.remove(connection);
            drain = open.size() == 0 ? current : null;
            if (drain != null) {
                drain.over = true;
            }
            last = phase == Phase.SHUT_DOWN || phase == Phase.CLOSED;
        }
        if (drain == null) {
            return;
        }
        if (last) {
            drain.idleCloser.cancel();
        }
        drain.result.complete(DrainResult.COMPLETED);
    }

    void becameIdle(TrackedConnection connection) {
        Drain drain = current;
        if (drain != null) {
            drain.idleCloser.becameIdle(connection);
        }
    }

    void stateChanged(TrackedConnection connection, ConnectionState from, ConnectionState to) {
        for (StateListener listener : stateListeners) {
            try {
                listener.stateChanged(connection, from, to);
            } catch (RuntimeException | Error e) {
                LOGGER.log(Level.WARNING, "A listener for states of connections failed.", e);
            }
        }
    }

    long nanoTime() {
        return timer.nanoTime();
    }

    private int requestsCut() {
        synchronized (lock) {
            return cutShort.size();
        }
    }

    private List<TrackedConnection> copyOfOpen() {
        synchronized (lock) {
            return open.copy();
        }
    }
}
