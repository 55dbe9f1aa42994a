package dev.baton.agent;

import dev.baton.ListenAddress;
import dev.baton.Participant.DrainReason;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Waits until the program's own graceful stop loses nothing: until each connection that it has accepted has been answered,
 * and, where another generation serves, has ended.
 *
 * <p>The kernel tells nobody that another thread's connection was answered or closed (a set of epoll forgets a descriptor
 * that is closed without a word, and a duplicate would keep it from ending), so it is asked, ten times in a second, and
 * only while this process drains.
 */
final class DrainWatch {
    private static final Duration PERIOD = Duration.ofMillis(100);

    /**
     * What an accept has just returned takes its way through the program: to another thread, to the first read. Until then
     * no stop of the program's own may begin, because some lose it (Tomcat closes what its acceptor holds).
     */
    private static final Duration SETTLED = Duration.ofMillis(500);

    /** As Go's: a client that has connected and says nothing for so long is not about to. */
    private static final Duration NEW_GRACE = Duration.ofSeconds(5);

    /** How long, after a restart, a connection that is idle may stay until its next request is its last. */
    private static final Duration IDLE_GRACE = Duration.ofSeconds(30);

    /** In a stop a connection is idle when nothing has been said on it for so long: a response may come in pieces. */
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final CompletableFuture<Void> finished = new CompletableFuture<>();
    private final DrainReason reason;
    private final Set<Integer> ports;
    private final Set<ListenAddress.Unix> paths;
    private final long begun = System.nanoTime();

    /** Of the timer's thread. */
    private boolean complained;

    private DrainWatch(DrainReason reason, Set<Integer> ports, Set<ListenAddress.Unix> paths) {
        this.reason = reason;
        this.ports = ports;
        this.paths = paths;
    }

    /** One that watches nothing, and never finishes. */
    static DrainWatch none() {
        return new DrainWatch(DrainReason.STOPPED, Set.of(), Set.of());
    }

    /** Watches the connections that were accepted at these ports and paths. */
    static DrainWatch begin(DrainReason reason, Set<Integer> ports, Set<ListenAddress.Unix> paths) {
        DrainWatch watch = new DrainWatch(reason, ports, paths);
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("baton-drain").factory());
        var _ = timer.scheduleWithFixedDelay(watch::look, 0, PERIOD.toMillis(), TimeUnit.MILLISECONDS);
        var _ = watch.finished.whenComplete((_, _) -> timer.shutdownNow());
        return watch;
    }

    private void look() {
        ConnectionCensus census;
        try {
            census = ConnectionCensus.of(ports, paths);
        } catch (IOException | RuntimeException e) {
            if (!complained) {
                complained = true;
                Log.connectionsUnknown(e);
            }
            return; // As long as it is not known that there is nothing to wait for, there may be.
        }
        if (isOver(census, Duration.ofNanos(System.nanoTime() - begun), reason)) {
            Log.drained(census.open());
            finished.complete(null);
        }
    }

    static boolean isOver(ConnectionCensus census, Duration elapsed, DrainReason reason) {
        return census.outstanding() == 0
                && elapsed.compareTo(SETTLED) >= 0
                && (census.fresh() == 0 || elapsed.compareTo(NEW_GRACE) >= 0)
                && (census.idle() == 0 || mayGo(census.quiet(), elapsed, reason));
    }

    /** Whether connections that have been quiet for so long may end without a word. */
    private static boolean mayGo(Duration quiet, Duration elapsed, DrainReason reason) {
        return switch (reason) {
            case SUCCEEDED -> elapsed.compareTo(IDLE_GRACE) >= 0 && quiet.compareTo(IDLE_GRACE) >= 0;
            case STOPPED -> quiet.compareTo(PAUSE) >= 0;
        };
    }

    CompletionStage<Void> finished() {
        return finished;
    }

    void cancel() {
        finished.cancel(false);
    }
}
