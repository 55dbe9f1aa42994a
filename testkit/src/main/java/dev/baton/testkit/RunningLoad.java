package dev.baton.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/** A {@link Load} that has been started. Safe for use by any thread. */
public final class RunningLoad implements AutoCloseable {
    private final Load.Options options;
    private final LoadLoop loop;
    private final CompletableFuture<LoadReport> end = new CompletableFuture<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition progressed = lock.newCondition();
    private LoadProgress progress = LoadProgress.NONE; // guarded by lock

    private RunningLoad(Load.Options options) throws IOException {
        this.options = options;
        this.loop = new LoadLoop(options, this::publish);
    }

    static RunningLoad start(Load.Options options) {
        try {
            RunningLoad load = new RunningLoad(options);
            Thread.ofPlatform().daemon().name("testkit-load").start(load::run);
            return load;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot open a selector", e);
        }
    }

    private void run() {
        try {
            end.complete(loop.run());
        } catch (Throwable e) {
            end.completeExceptionally(e);
        }
        publish(progress());
    }

    private void publish(LoadProgress now) {
        lock.lock();
        try {
            progress = now;
            progressed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The numbers as they were at most a few hundredths of a second ago. */
    public LoadProgress progress() {
        lock.lock();
        try {
            return progress;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until the progress is as wanted.
     *
     * @param what says what is awaited, for the message
     * @throws AssertionError if it is not so in time, or the load ended before
     */
    public LoadProgress await(String what, Duration timeout, Predicate<LoadProgress> wanted)
            throws InterruptedException {
        long left = timeout.toNanos();
        lock.lock();
        try {
            while (!wanted.test(progress)) {
                if (end.isDone() || left <= 0) {
                    String why = end.isDone() ? "the load ended before: " : "not within " + timeout + ": ";
                    throw new AssertionError(why + what + "; " + progress);
                }
                left = progressed.awaitNanos(left);
            }
            return progress;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until this many requests more than now have been answered: the load is under way.
     *
     * @throws AssertionError if they are not in time
     */
    public void awaitAnswers(long more, Duration timeout) throws InterruptedException {
        long wanted = progress().answered() + more;
        var _ = await(more + " more answers", timeout, now -> now.answered() >= wanted);
    }

    /** Begins no more requests, waits for those that are outstanding, and reports. */
    public LoadReport stop() throws InterruptedException {
        loop.stop();
        return report(options.timeout().multipliedBy(2).plusSeconds(5));
    }

    /** Waits until the load ends by itself, at its duration or its number of requests, and reports. */
    public LoadReport join() throws InterruptedException {
        return report(options.duration().plus(options.timeout().multipliedBy(2)).plusSeconds(5));
    }

    private LoadReport report(Duration timeout) throws InterruptedException {
        try {
            return end.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("the load did not end within " + timeout + ": " + progress(), e);
        } catch (ExecutionException e) {
            throw new AssertionError("the load broke", e.getCause());
        }
    }

    /** Gives up all connections, if the load still runs. */
    @Override
    public void close() {
        loop.abandon();
    }
}
