package dev.baton.system;

import static dev.baton.system.UnmodifiedServer.SOON;

import dev.baton.system.UnmodifiedClients.Report;
import dev.baton.testkit.Http2Client;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;

/** A number of {@link UnmodifiedGrpcClients}, each a thread. */
final class CallLoad implements UnmodifiedClients.Load {
    private static final long PAUSE_AFTER_FAILURE_MILLIS = 10;

    private final InetSocketAddress address;
    private final boolean fresh;
    private final CompletableFuture<?>[] clients;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition answered = lock.newCondition();
    private final Map<Integer, Long> lastAnswers = new HashMap<>(); // guarded by lock
    private final StringBuilder failures = new StringBuilder(); // guarded by lock
    private long answers; // guarded by lock
    private long failed; // guarded by lock
    private volatile boolean stopped;

    CallLoad(InetSocketAddress address, boolean fresh, int connections) {
        this.address = address;
        this.fresh = fresh;
        var threads = Executors.newVirtualThreadPerTaskExecutor();
        clients = IntStream.range(0, connections)
                .mapToObj(_ -> CompletableFuture.runAsync(this::run, threads))
                .toArray(CompletableFuture<?>[]::new);
        threads.shutdown();
    }

    private void run() {
        try {
            while (!stopped) {
                try (Http2Client client = UnmodifiedGrpcClients.connect(address)) {
                    callOn(client);
                } catch (IOException e) {
                    failed(e);
                    TimeUnit.MILLISECONDS.sleep(PAUSE_AFTER_FAILURE_MILLIS);
                }
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void callOn(Http2Client client) throws IOException, InterruptedException {
        do {
            answered(UnmodifiedGrpcClients.call(client));
            if (fresh) {
                return;
            }
            Pace.until(System.nanoTime(), UnmodifiedClients.THINK_TIME);
            // A failure that follows is one that no client could have avoided.
            while (client.input().available() > 0) {
                var _ = client.read();
            }
        } while (!stopped && client.goAways().isEmpty());
    }

    private void answered(int pid) {
        lock.lock();
        try {
            answers++;
            lastAnswers.put(pid, System.nanoTime());
            answered.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void failed(IOException e) {
        lock.lock();
        try {
            failed++;
            failures.append('\n').append(e);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void awaitAnswers(long more) throws InterruptedException {
        long left = SOON.toNanos();
        lock.lock();
        try {
            long wanted = answers + more;
            while (answers < wanted) {
                if (left <= 0) {
                    throw new AssertionError("no " + more + " more answers: " + report());
                }
                left = answered.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Report stop() {
        stopped = true;
        CompletableFuture.allOf(clients)
                .orTimeout(SOON.toSeconds(), TimeUnit.SECONDS)
                .join();
        return report();
    }

    private Report report() {
        lock.lock();
        try {
            return new Report(
                    answers + failed,
                    failed,
                    Map.copyOf(lastAnswers),
                    answers + " answered, " + failed + " failed" + failures);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        stopped = true;
    }
}
