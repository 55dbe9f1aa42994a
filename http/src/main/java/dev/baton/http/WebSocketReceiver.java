package dev.baton.http;

import java.net.http.WebSocket;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Calls the listener: one call at a time, receive methods only as often as was requested, {@code onOpen} before all others,
 * nothing after {@code onClose} or {@code onError} (the contract of {@link WebSocket.Listener}).
 *
 * <p>A virtual thread makes the calls, which may block, and exists only while there are any. What has come and was not
 * requested waits here, and the socket is not read.
 */
final class WebSocketReceiver {

    /** What the receiver has to tell the WebSocket. Any thread. */
    interface Owner {
        /** More may be read than before. */
        void demanded();

        /** The listener has seen the peer's Close, and its stage is complete: the output may be closed. */
        void closeSeen(int code);

        /** A call has returned, and its stage is complete. */
        void settled();

        /** The listener has thrown; {@code onError} is still to be called, by {@link WebSocketReceiver#fail}. */
        void listenerFailed(Throwable cause);
    }

    private final WebSocket.Listener listener;
    private final Owner owner;

    /** Set once, before {@link #open}. */
    private @Nullable WebSocket webSocket;

    // Guarded by this; the listener is not called under it.
    private final ArrayDeque<Received> waiting = new ArrayDeque<>(0);
    private int size;
    private long demand;
    /** The call that is to be made before all others. */
    private @Nullable Runnable opening;

    private boolean running;
    /** Stages that the listener has returned and not completed. */
    private int stages;
    /** No call is made. */
    private boolean held;
    /** {@code onClose} or {@code onError} was called, or nothing is to be called any more. */
    private boolean over;

    private @Nullable Throwable error;
    private @Nullable Runnable whenIdle;

    WebSocketReceiver(WebSocket.Listener listener, Owner owner) {
        this.listener = listener;
        this.owner = owner;
    }

    /** Calls {@code onOpen}. */
    void open(WebSocket opened) {
        begin(opened, 0, () -> listener.onOpen(opened));
    }

    /** Goes on with a demand that is not met yet; {@code resumed} is called in the place of {@code onOpen}. */
    void resume(WebSocket opened, long unmet, Runnable resumed) {
        begin(opened, unmet, resumed);
    }

    private void begin(WebSocket opened, long unmet, Runnable first) {
        synchronized (this) {
            webSocket = opened;
            demand = unmet;
            opening = first;
        }
        run();
    }

    WebSocket.Listener listener() {
        return listener;
    }

    synchronized long demand() {
        return demand;
    }

    /**
     * Whether all that has come was given to the listener, and it is done with it, and waits for more: one that has requested
     * nothing may be about to, which would be lost.
     */
    synchronized boolean isAtRest() {
        return !over && !running && opening == null && error == null && waiting.isEmpty() && stages == 0 && demand > 0;
    }

    /** No call is made until {@link #letGo}; false if one is being made, or is to be. */
    synchronized boolean hold() {
        held = isAtRest();
        return held;
    }

    /** Goes on with this call of the listener. */
    void letGo(Runnable first) {
        synchronized (this) {
            held = false;
            opening = first;
        }
        run();
    }

    /** Goes on as if it had not been held; does nothing if it was not. */
    void letGo() {
        synchronized (this) {
            held = false;
        }
        run();
    }

    /** Something has come; nothing comes after a Close. */
    void offer(Received received) {
        synchronized (this) {
            if (over || error != null) {
                return;
            }
            waiting.add(received);
            size += received.size();
        }
        run();
    }

    /** What has come is told as far as it was requested, then the error, requested or not. The first error counts. */
    void fail(Throwable cause) {
        synchronized (this) {
            if (over || error != null) {
                return;
            }
            error = cause;
        }
        run();
    }

    /** Calls nothing any more. */
    void stop() {
        synchronized (this) {
            over = true;
            waiting.clear();
            size = 0;
        }
        run();
    }

    void request(long n) {
        if (n <= 0) {
            throw new IllegalArgumentException("n must be greater than 0: " + n);
        }
        synchronized (this) {
            demand = demand + n < 0 ? Long.MAX_VALUE : demand + n;
        }
        run();
        owner.demanded();
    }

    /** Whether the listener waits for something to come. */
    synchronized boolean isAwaiting() {
        return !over && demand > waiting.size();
    }

    /** About how much memory waits for the listener. */
    synchronized int size() {
        return size;
    }

    /** Runs the task once when no call is running, and none is to be made without a further request. */
    void whenIdle(Runnable task) {
        synchronized (this) {
            whenIdle = task;
        }
        run();
    }

    private void run() {
        boolean start;
        Runnable idle = null;
        synchronized (this) {
            start = !running && hasCall();
            running |= start;
            if (!running) {
                idle = whenIdle;
                whenIdle = null;
            }
        }
        if (start) {
            Thread.ofVirtual().name("baton-websocket").start(this::calls);
        } else if (idle != null) {
            idle.run();
        }
    }

    private boolean hasCall() {
        return !over && !held && (opening != null || error != null || (demand > 0 && !waiting.isEmpty()));
    }

    private void calls() {
        while (true) {
            Runnable call;
            synchronized (this) {
                if (!hasCall()) {
                    running = false;
                    break;
                }
                call = next();
            }
            call.run();
        }
        run(); // Something may have come between the two, and whoever waits for idleness is told.
        owner.settled();
    }

    /** The next call; the caller holds the lock and has seen that there is one. */
    private Runnable next() {
        WebSocket opened = Objects.requireNonNull(webSocket);
        Runnable begin = opening;
        if (begin != null) {
            opening = null;
            return () -> guarded(() -> {
                begin.run();
                return null;
            });
        }
        Received first = demand > 0 ? waiting.poll() : null;
        if (first == null) {
            Throwable cause = Objects.requireNonNull(error);
            over = true;
            waiting.clear();
            return () -> reportError(opened, cause);
        }
        demand--;
        size -= first.size();
        if (first instanceof Received.Close) {
            over = true;
        }
        return () -> {
            tell(opened, first);
            owner.demanded();
        };
    }

    private void tell(WebSocket opened, Received received) {
        switch (received) {
            case Received.Text(String data, boolean last) -> guarded(() -> listener.onText(opened, data, last));
            case Received.Binary(var data, boolean last) -> guarded(() -> listener.onBinary(opened, data, last));
            case Received.Ping(var data) -> guarded(() -> listener.onPing(opened, data));
            case Received.Pong(var data) -> guarded(() -> listener.onPong(opened, data));
            case Received.Close(int code, String reason) -> {
                CompletionStage<?> stage;
                try {
                    stage = listener.onClose(opened, code, reason);
                } catch (RuntimeException | Error e) {
                    Log.listenerFailed(e);
                    stage = null;
                }
                if (stage == null) {
                    owner.closeSeen(code);
                } else {
                    var _ = stage.whenComplete((_, _) -> owner.closeSeen(code));
                }
            }
        }
    }

    /** A call of the listener that gives a stage, or null. */
    @FunctionalInterface
    private interface Call {
        @Nullable
        CompletionStage<?> make();
    }

    private void guarded(Call call) {
        try {
            CompletionStage<?> stage = call.make();
            if (stage != null) {
                stageBegun();
                var _ = stage.whenComplete((_, cause) -> {
                    if (cause != null) {
                        owner.listenerFailed(cause);
                    }
                    stageEnded();
                });
            }
        } catch (RuntimeException | Error e) {
            owner.listenerFailed(e);
        }
    }

    private synchronized void stageBegun() {
        stages++;
    }

    private void stageEnded() {
        synchronized (this) {
            stages--;
        }
        owner.settled();
    }

    private void reportError(WebSocket opened, Throwable cause) {
        try {
            listener.onError(opened, cause);
        } catch (RuntimeException | Error e) {
            Log.listenerFailed(e);
        }
    }
}
