package dev.baton.drain;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What has no end of its own: WebSockets, hijacked connections, streams of events. A drain tells each of them to end, and
 * can wait for them, which {@link Connections} by Go's rule does not.
 *
 * <p>They are told one after the other, oldest first, evenly over a window (HAProxy's {@code close-spread-time}), so that
 * their clients do not all come back in the same instant. One that begins during the drain is told at the end of the
 * window, or at once if that is over. A task of the timer tells those whose turn it is; no thread waits for any of them.
 *
 * <p><b>Told exactly once.</b> A conversation enters the set, and a drain takes its copy of the set, under the lock. One that
 * is opened before the drain is in the copy; one that is opened later finds the drain and adds itself to its turns. Its
 * turn comes under the lock too, where it is marked as told, and only then is it called.
 *
 * <p><b>Waiting for all.</b> A conversation that grows out of a connection must be {@linkplain #open opened} before the
 * connection leaves {@link Connections}. Then, when no connection is left there, every conversation that ever will be is
 * here; so whoever waits for both asks for {@link #drain}'s future again when the connections have ended.
 *
 * <p>Safe for use by any thread. No method blocks.
 */
public final class Conversations {
    /** Turns that are nearer to each other than this are taken together. */
    private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final long spreadNanos;
    private final DrainTimer timer;

    /** Guards the fields below. No {@link ConversationControl} and no future is called under it. */
    private final Object lock = new Object();

    private final Set<TrackedConversation> open = new LinkedHashSet<>();

    /** The drain that is going on. */
    @Nullable
    private Drain current;

    private boolean closed;

    /** With the window of {@link DrainOptions#closeSpread()} and the clock of the machine. */
    public Conversations(DrainOptions options) {
        this(options.closeSpread(), DrainTimer.system());
    }

    /** With a clock of the caller's. */
    public Conversations(Duration spread, DrainTimer timer) {
        this.spreadNanos = TimeUnit.NANOSECONDS.convert(spread);
        this.timer = timer;
    }

    /** One drain. Its fields are guarded by the lock. */
    private static final class Drain {
        final DrainReason reason;
        final long begun;
        final Queue<TrackedConversation> turns;
        /** How many share the window. */
        final int shares;

        int taken;
        CompletableFuture<DrainResult> result = new CompletableFuture<>();
        DrainTimer.@Nullable Cancellable scheduled;

        Drain(DrainReason reason, long begun, Collection<TrackedConversation> open) {
            this.reason = reason;
            this.begun = begun;
            this.turns = new ArrayDeque<>(open);
            this.shares = open.size();
        }

        /** When the next turn is, from the beginning of the drain. */
        long nextTurn(long spreadNanos) {
            return taken >= shares ? spreadNanos : (long) ((double) spreadNanos * taken / shares);
        }
    }

    /**
     * Registers a conversation that begins.
     *
     * @throws ServerClosedException if the server is closed; the caller ends the conversation
     */
    public TrackedConversation open(ConversationControl control) {
        TrackedConversation conversation = new TrackedConversation(this, control);
        Drain drain;
        synchronized (lock) {
            if (closed) {
                throw new ServerClosedException("begin a conversation");
            }
            open.add(conversation);
            drain = current;
            if (drain != null) {
                drain.turns.add(conversation);
            }
        }
        if (drain != null) {
            takeTurns(drain);
        }
        return conversation;
    }

    /** How many are open. */
    public int size() {
        synchronized (lock) {
            return open.size();
        }
    }

    /**
     * Begins to tell all conversations to end; {@link #resume()} undoes it. While a drain is going on, only gives a future.
     *
     * @return completes when no conversation is open, which may be so at this moment and not in the next
     */
    public CompletableFuture<DrainResult> drain(DrainReason reason) {
        Drain drain;
        CompletableFuture<DrainResult> result;
        synchronized (lock) {
            drain = current;
            if (drain == null) {
                drain = new Drain(reason, timer.nanoTime(), open);
                current = drain;
            }
            if (open.isEmpty()) {
                return CompletableFuture.completedFuture(DrainResult.COMPLETED);
            }
            if (drain.result.isDone()) {
                drain.result = new CompletableFuture<>();
            }
            result = drain.result;
        }
        takeTurns(drain);
        return result.copy();
    }

    /** Undoes a {@linkplain #drain drain}; does nothing when there is none. */
    public void resume() {
        Drain drain;
        List<TrackedConversation> told = new ArrayList<>();
        synchronized (lock) {
            drain = current;
            if (drain == null) {
                return;
            }
            current = null;
            cancel(drain);
            for (TrackedConversation conversation : open) {
                if (conversation.told != null) {
                    conversation.told = null;
                    told.add(conversation);
                }
            }
        }
        told.forEach(each -> each.control().resume());
        drain.result.complete(DrainResult.RESUMED);
    }

    /**
     * Ends every conversation now, and lets none begin any more. A second call does nothing.
     *
     * @return how many were cut
     */
    public int close() {
        List<TrackedConversation> left = new ArrayList<>();
        synchronized (lock) {
            closed = true;
            if (current != null) {
                cancel(current);
            }
            for (TrackedConversation conversation : open) {
                if (!conversation.closing) {
                    conversation.closing = true;
                    left.add(conversation);
                }
            }
        }
        int cut = 0;
        for (TrackedConversation conversation : left) {
            if (conversation.control().close()) {
                cut++;
            }
        }
        return cut;
    }

    void ended(TrackedConversation conversation) {
        CompletableFuture<DrainResult> result = null;
        synchronized (lock) {
            if (open.remove(conversation) && open.isEmpty() && current != null) {
                result = current.result;
            }
        }
        if (result != null) {
            result.complete(DrainResult.COMPLETED);
        }
    }

    /** Tells those whose turn has come, and arms the timer for the next. */
    private void takeTurns(Drain drain) {
        List<TrackedConversation> due = new ArrayList<>();
        synchronized (lock) {
            if (current != drain || closed) {
                return;
            }
            long elapsed = timer.nanoTime() - drain.begun;
            long next = drain.nextTurn(spreadNanos);
            while (!drain.turns.isEmpty() && next <= elapsed) {
                TrackedConversation conversation = drain.turns.remove();
                drain.taken++;
                if (open.contains(conversation)) {
                    conversation.told = drain.reason;
                    due.add(conversation);
                }
                next = drain.nextTurn(spreadNanos);
            }
            cancel(drain);
            if (!drain.turns.isEmpty()) {
                Duration wait = Duration.ofNanos(Math.max(STEP_NANOS, next - elapsed));
                drain.scheduled = timer.schedule(wait, () -> takeTurns(drain));
            }
        }
        due.forEach(each -> each.control().drain(drain.reason));
    }

    private static void cancel(Drain drain) {
        if (drain.scheduled != null) {
            drain.scheduled.cancel();
            drain.scheduled = null;
        }
    }
}
