package dev.baton.netty;

import dev.baton.ListenAddress;
import io.netty.channel.EventLoop;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.Arrays;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * The event loops of one server: one that accepts, so that a handler which blocks its loop holds up neither a connect nor
 * a park, and one for each core. Their threads are not daemons: they keep the process alive while it serves.
 *
 * <p>They are not in one of Netty's groups, because the end of a group starts the thread of Netty's GlobalEventExecutor,
 * which is no daemon either and lives on for a second: the process would exit that much later.
 */
final class EventLoops {
    private final EventLoop accepting;
    private final EventLoop[] serving;
    private final AtomicInteger turn = new AtomicInteger();

    /**
     * @param threads of the loops that serve
     * @throws RuntimeException if no descriptors are left for the epoll sets
     */
    EventLoops(int count, ThreadFactory threads) {
        serving = new EventLoop[count];
        int created = 0;
        try {
            for (; created < count; created++) {
                serving[created] = loop(threads);
            }
            accepting = loop(new DefaultThreadFactory("baton-accept", false));
        } catch (RuntimeException e) {
            for (int i = 0; i < created; i++) {
                shutDown(serving[i]);
            }
            throw e;
        }
    }

    /** Of the loops that serve, unless the program has its own. */
    static ThreadFactory threads() {
        return new DefaultThreadFactory("baton-io", false);
    }

    static EventLoop loop(ThreadFactory threads) {
        return new SingleThreadIoEventLoop(null, threads, EpollIoHandler.newFactory());
    }

    EventLoop accepting() {
        return accepting;
    }

    /** Gives the loop for the next connection of a listener; in turn, across listeners. Safe for use by any thread. */
    Supplier<ServingLoop> of(ListenAddress listener, Migrator migrator) {
        ServingLoop[] loops = Arrays.stream(serving)
                .map(each -> new ServingLoop(each, listener, migrator))
                .toArray(ServingLoop[]::new);
        return () -> loops[Math.floorMod(turn.getAndIncrement(), loops.length)];
    }

    /**
     * Ends all threads. The end is a task of each serving loop, behind those that close its connections: a loop that is told
     * to end may close what is left by itself, and a TLS connection closed so gets no close_notify. Nor is it certain that
     * it does: told by a task of its own, Netty's loop ends before the round in which it would (seen, 4.2.18). So whoever
     * opens a channel closes it first.
     */
    void shutDown() {
        shutDown(accepting);
        for (EventLoop loop : serving) {
            try {
                loop.execute(() -> shutDown(loop));
            } catch (RejectedExecutionException _) {
                // It has ended before.
            }
        }
    }

    static void shutDown(EventLoop loop) {
        // No quiet period: nothing new is to come.
        var _ = loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
    }
}
