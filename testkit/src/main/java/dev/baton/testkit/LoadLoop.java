package dev.baton.testkit;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The one thread that runs all clients of a load: it owns their state, their timers and the record. */
final class LoadLoop {
    /** How often deadlines are looked at and progress is published; a timed-out request is noticed this much late. */
    private static final long SWEEP_NANOS = 10_000_000;

    private final Load.Options options;
    private final Selector selector;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 18);
    private final List<Prepared> requests = new ArrayList<>();
    private final PriorityQueue<LoadConnection> timers =
            new PriorityQueue<>((a, b) -> Long.signum(a.wakeNanos() - b.wakeNanos()));
    private final Queue<Runnable> posted = new ConcurrentLinkedQueue<>();
    private final Random random = new Random(42);
    private final Consumer<LoadProgress> onProgress;
    private long begun;
    private int done;
    private boolean stopping;
    private volatile boolean stopRequested;
    private volatile boolean abandoned;

    /** A request and its bytes on the wire. */
    record Prepared(Request request, ByteBuffer wire) {}

    LoadLoop(Load.Options options, Consumer<LoadProgress> onProgress) throws IOException {
        this.options = options;
        this.onProgress = onProgress;
        this.selector = Selector.open();
        boolean persistent = options.mode() instanceof LoadMode.Persistent;
        for (Request request : options.requests()) {
            Request sent = persistent ? request : request.withHeader("Connection", "close");
            requests.add(new Prepared(request, ByteBuffer.wrap(sent.encode(options.host()))));
        }
    }

    /** Runs the load to its end. */
    LoadReport run() throws IOException {
        long start = System.nanoTime();
        LoadRecorder recorder = new LoadRecorder(start, options.patience());
        boolean persistent = options.mode() instanceof LoadMode.Persistent;
        List<LoadConnection> connections = new ArrayList<>();
        for (int i = 0; i < options.connections(); i++) {
            connections.add(new LoadConnection(this, recorder, persistent, options.generationHeader()));
        }
        try (selector) {
            connections.forEach(connection -> connection.begin(System.nanoTime()));
            long nextSweep = start;
            while (!abandoned && done < connections.size()) {
                long now = System.nanoTime();
                runPosted();
                runTimers(now);
                if (now - nextSweep >= 0) {
                    nextSweep = now + SWEEP_NANOS;
                    connections.forEach(connection -> connection.checkDeadline(now));
                    onProgress.accept(recorder.progress());
                }
                if (stopRequested || now - start >= options.duration().toNanos()) {
                    stopping = true;
                }
                if (stopping) {
                    connections.forEach(LoadConnection::finishIfResting);
                }
                selector.select(this::ready, selectMillis(now));
            }
            return recorder.finish(System.nanoTime());
        } finally {
            connections.forEach(LoadConnection::abandon);
            onProgress.accept(recorder.progress());
        }
    }

    /** No more requests; safe for any thread. */
    void stop() {
        stopRequested = true;
        selector.wakeup();
    }

    /** Ends the load without waiting for outstanding requests; safe for any thread. */
    void abandon() {
        abandoned = true;
        selector.wakeup();
    }

    private void ready(SelectionKey key) {
        if (key.isValid() && key.attachment() instanceof LoadConnection connection) {
            connection.ready(key, System.nanoTime());
        }
    }

    private void runTimers(long now) {
        LoadConnection next;
        while ((next = timers.peek()) != null && next.wakeNanos() - now <= 0) {
            timers.remove().begin(now);
        }
    }

    private void runPosted() {
        Runnable task;
        while ((task = posted.poll()) != null) {
            task.run();
        }
    }

    private long selectMillis(long now) {
        LoadConnection next = timers.peek();
        long wait = next == null ? SWEEP_NANOS : Math.min(SWEEP_NANOS, next.wakeNanos() - now);
        return Math.max(1, (wait + 999_999) / 1_000_000);
    }

    /** The next request in turn, or null when the load is over. */
    @Nullable
    Prepared nextRequest() {
        if (stopping || begun == options.maxRequests()) {
            stopping = true;
            return null;
        }
        return requests.get((int) (begun++ % requests.size()));
    }

    SocketAddress address() {
        return options.address();
    }

    Wire wire(SocketChannel channel) throws IOException {
        return Wire.of(channel, options.tls());
    }

    long timeoutNanos() {
        return options.timeout().toNanos();
    }

    long pauseNanos() {
        return options.pauseAfterFailure().toNanos();
    }

    /** How long the next pause between an answer and a request is. */
    long nextThinkNanos() {
        return switch (options.mode()) {
            case LoadMode.NewConnections(var pause) -> pause.toNanos();
            case LoadMode.Persistent(var least, var most) ->
                least.toNanos() + random.nextLong(most.toNanos() - least.toNanos() + 1);
        };
    }

    /** A buffer for one read, shared by all connections. */
    ByteBuffer buffer() {
        return buffer;
    }

    /** A client has ended, once and for all. */
    void clientDone() {
        done++;
    }

    void setTimer(LoadConnection connection) {
        timers.add(connection);
    }

    SelectionKey register(SocketChannel channel, int operations, LoadConnection connection) throws IOException {
        return channel.register(selector, operations, connection);
    }

    void interest(SocketChannel channel, int operations) {
        SelectionKey key = channel.keyFor(selector);
        if (key != null && key.interestOps() != operations) {
            key.interestOps(operations);
        }
    }

    /**
     * Connects to a Unix path on a thread of its own: where the accept queue is full, a non-blocking connect(2) fails
     * with EAGAIN (unix(7)) and cannot be awaited.
     */
    void connectUnix(LoadConnection connection, long began) {
        Thread.ofPlatform().daemon().name("testkit-connect").start(() -> {
            try {
                SocketChannel opened = Connector.openUnix();
                try {
                    opened.connect(address());
                } catch (IOException e) {
                    closeQuietly(opened);
                    throw e;
                }
                post(() -> {
                    try {
                        connection.connectedUnix(opened, began);
                    } catch (IOException e) {
                        closeQuietly(opened);
                        connection.connectUnixFailed(e, began);
                    }
                });
            } catch (IOException e) {
                post(() -> connection.connectUnixFailed(e, began));
            }
        });
    }

    private void post(Runnable task) {
        posted.add(task);
        selector.wakeup();
    }

    static void closeQuietly(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // The connection is being given up; there is nobody to tell.
        }
    }
}
