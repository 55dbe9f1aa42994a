package dev.baton.drain;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Races between connections that end and a server that does; bounded rounds. */
final class ConnectionsStressTest {
    private static final int THREADS = 8;
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);

    @AfterEach
    void stop() {
        threads.shutdownNow();
    }

    @Test
    void aDrainWaitsForAnAdoptedConnectionOrRefusesIt() throws Exception {
        int adoptions = 0;
        for (int round = 0; round < 2_000; round++) {
            Connections connections = new Connections(DrainOptions.defaults());
            FakeConnection last = new FakeConnection(connections);
            CompletableFuture<DrainResult> drained = connections.drain(DrainReason.SUCCEEDED);
            CyclicBarrier start = new CyclicBarrier(2);
            Future<?> closer = threads.submit(() -> closeAt(start, last));
            Future<FakeConnection> adopter = threads.submit(() -> {
                start.await();
                return new FakeConnection(
                        connections, new ConnectionHistory(ConnectionState.IDLE, Duration.ZERO, 1, 1, 1));
            });
            closer.get();
            try {
                FakeConnection adopted = adopter.get();
                adoptions++;
                assertThat(drained).as("round " + round).isNotDone();
                adopted.close();
            } catch (ExecutionException e) {
                assertThat(e).hasCauseInstanceOf(ServerClosedException.class);
            }
            assertThat(drained).isCompletedWithValue(DrainResult.COMPLETED);
        }
        assertThat(adoptions).isPositive();
    }

    @Test
    void shutdownCompletesOnceWhenTheLastCloseRacesWithIt() throws Exception {
        for (int round = 0; round < 2_000; round++) {
            Connections connections = new Connections(DrainOptions.defaults());
            CyclicBarrier start = new CyclicBarrier(3);
            FakeConnection first = new FakeConnection(connections);
            FakeConnection second = new FakeConnection(connections);
            AtomicInteger completions = new AtomicInteger();
            CompletableFuture<ShutdownResult> ended = new CompletableFuture<>();
            Future<?> shutdown = threads.submit(() -> {
                start.await();
                var _ = connections.shutdown(DEADLINE).thenAccept(result -> {
                    completions.incrementAndGet();
                    ended.complete(result);
                });
                return true;
            });
            Future<?> firstCloser = threads.submit(() -> closeAt(start, first));
            Future<?> secondCloser = threads.submit(() -> closeAt(start, second));

            shutdown.get();
            firstCloser.get();
            secondCloser.get();
            assertThat(ended).isCompletedWithValue(new ShutdownResult.Completed(0));
            assertThat(completions).hasValue(1);
            assertThat(first.asked().size()).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void noConnectionThatBecomesIdleWhileADrainBeginsIsLeftOpen() throws Exception {
        DrainOptions close = DrainOptions.builder().idlePolicy(IdlePolicy.CLOSE).build();
        for (int round = 0; round < 2_000; round++) {
            Connections connections = new Connections(close);
            CyclicBarrier start = new CyclicBarrier(2);
            LoopConnection connection = new LoopConnection(connections);
            connection.tracked.active();
            CompletableFuture<DrainResult> drained = new CompletableFuture<>();
            Future<?> drain = threads.submit(() -> {
                start.await();
                var _ = connections.drain(DrainReason.SUCCEEDED).thenAccept(drained::complete);
                return true;
            });
            start.await();
            connection.tracked.idle();
            drain.get();
            connection.runTasks();

            assertThat(drained).isCompletedWithValue(DrainResult.COMPLETED);
        }
    }

    @Test
    void connectionsThatComeAndGoDuringDrainsAndResumesAreAllAccountedFor() throws Exception {
        Connections connections = new Connections(DrainOptions.defaults());
        List<Future<?>> workers = new ArrayList<>();
        for (int thread = 0; thread < THREADS - 1; thread++) {
            workers.add(threads.submit(() -> {
                for (int i = 0; i < 20_000; i++) {
                    TrackedConnection connection = new FakeConnection(connections).tracked();
                    connection.active();
                    if (i % 3 == 0) {
                        connection.idle();
                    }
                    if (i % 5 == 0 && i % 3 != 0) {
                        connection.hijacked();
                    } else {
                        connection.closed();
                    }
                }
                return true;
            }));
        }
        for (int i = 0; i < 200; i++) {
            CompletableFuture<DrainResult> drain = connections.drain(DrainReason.SUCCEEDED);
            connections.resume();
            assertThat(drain).isDone();
        }
        for (Future<?> worker : workers) {
            worker.get(60, TimeUnit.SECONDS);
        }
        assertThat(connections.size()).isZero();
        assertThat(connections.shutdown(DEADLINE)).isCompletedWithValue(new ShutdownResult.Completed(0));
    }

    private static boolean closeAt(CyclicBarrier start, FakeConnection connection) throws Exception {
        start.await();
        connection.tracked().closed();
        return true;
    }

    /** A connection with a queue of tasks that its owning thread runs, as an event loop does. */
    private static final class LoopConnection implements ConnectionControl {
        private final LinkedBlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
        private final TrackedConnection tracked;

        LoopConnection(Connections connections) {
            tracked = connections.open(this);
        }

        void runTasks() {
            for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                task.run();
            }
        }

        @Override
        public void drain(DrainReason reason) {}

        @Override
        public void resume() {}

        @Override
        public void closeIfIdle() {
            tasks.add(() -> {
                if (tracked.state() == ConnectionState.IDLE) {
                    tracked.closed();
                }
            });
        }

        @Override
        public void close() {
            tasks.add(tracked::closed);
        }

        @Override
        public SocketAddress peer() {
            return InetSocketAddress.createUnresolved("peer", 1);
        }
    }
}
