package dev.baton.drain;

import static dev.baton.drain.ConnectionState.ACTIVE;
import static dev.baton.drain.ConnectionState.CLOSED;
import static dev.baton.drain.ConnectionState.HIJACKED;
import static dev.baton.drain.ConnectionState.IDLE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.drain.ShutdownResult.Completed;
import dev.baton.drain.ShutdownResult.TimedOut;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class ShutdownTest {
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    private final ManualTimer timer = new ManualTimer();
    private final Connections connections = new Connections(DrainOptions.defaults(), timer);

    private FakeConnection active() {
        FakeConnection connection = new FakeConnection(connections);
        connection.tracked().active();
        return connection;
    }

    @Test
    void shutdownWithoutConnectionsCompletesAtOnce() {
        assertThat(connections.shutdown(DEADLINE)).isCompletedWithValue(new Completed(0));
    }

    @Test
    void shutdownCompletesWithTheLastConnection() {
        FakeConnection first = active();
        FakeConnection second = active();
        CompletableFuture<ShutdownResult> shutdown = connections.shutdown(DEADLINE);

        first.tracked().closed();
        assertThat(shutdown).isNotDone();
        second.tracked().closed();

        assertThat(shutdown).isCompletedWithValue(new Completed(0));
        assertThat(timer.scheduled()).as("timers left").isZero();
    }

    @Test
    void shutdownDoesNotWaitForHijackedConnections() {
        FakeConnection connection = active();
        CompletableFuture<ShutdownResult> shutdown = connections.shutdown(DEADLINE);

        connection.tracked().hijacked();

        assertThat(shutdown).isCompletedWithValue(new Completed(0));
        connections.close();
        assertThat(connection.state()).isEqualTo(HIJACKED);
        assertThat(connection.asked()).containsExactly("drain STOPPED");
    }

    @Test
    void theDeadlineReportsWhatIsOpenAndClosesNothing() {
        FakeConnection busy = active();
        CompletableFuture<ShutdownResult> shutdown = connections.shutdown(Duration.ofSeconds(10));

        timer.advance(Duration.ofSeconds(10).minusNanos(1));
        assertThat(shutdown).isNotDone();
        timer.advance(Duration.ofNanos(1));

        List<ConnectionSnapshot> open = List.of(busy.tracked().snapshot());
        assertThat(shutdown).isCompletedWithValue(new TimedOut(open));
        assertThat(busy.asked()).containsExactly("drain STOPPED");
        assertThat(busy.state()).isEqualTo(ACTIVE);
    }

    @Test
    void aShutdownAfterADeadlineWaitsOnAndReportsWhatACloseHasCut() {
        FakeConnection busy = active();
        var _ = connections.shutdown(Duration.ofSeconds(10));
        timer.advance(Duration.ofSeconds(10));
        CompletableFuture<ShutdownResult> second = connections.shutdown(DEADLINE);
        assertThat(second).isNotDone();

        assertThat(connections.close()).isEqualTo(1);

        assertThat(busy.state()).isEqualTo(CLOSED);
        assertThat(second).isCompletedWithValue(new Completed(1));
    }

    @Test
    void closeClosesEverythingAndCountsTheRequestsThatItCut() {
        FakeConnection silent = new FakeConnection(connections);
        FakeConnection idle = active();
        idle.tracked().idle();
        FakeConnection busy = active();
        FakeConnection other = active();

        assertThat(connections.close()).isEqualTo(2);

        assertThat(List.of(silent, idle, busy, other))
                .allSatisfy(each -> assertThat(each.state()).isEqualTo(CLOSED));
        assertThat(connections.close()).as("a second time").isZero();
    }

    @Test
    void aConnectionThatComesWhileTheServerShutsDownIsToldAndWaitedFor() {
        FakeConnection first = active();
        CompletableFuture<ShutdownResult> shutdown = connections.shutdown(DEADLINE);
        FakeConnection late = active();

        first.tracked().closed();
        assertThat(shutdown).isNotDone();
        late.tracked().closed();

        assertThat(late.asked()).containsExactly("drain STOPPED");
        assertThat(shutdown).isCompletedWithValue(new Completed(0));
    }

    @Test
    void aServerThatWasShutDownOrClosedSaysSo() {
        var _ = connections.shutdown(DEADLINE);
        assertThatThrownBy(() -> new FakeConnection(connections)).isInstanceOf(ServerClosedException.class);
        assertThatThrownBy(connections::resume).isInstanceOf(ServerClosedException.class);
        assertThatThrownBy(() -> connections.drain(DrainReason.SUCCEEDED)).isInstanceOf(ServerClosedException.class);

        Connections closed = new Connections(DrainOptions.defaults(), timer);
        closed.close();
        assertThatThrownBy(() -> new FakeConnection(closed)).isInstanceOf(ServerClosedException.class);
        assertThatThrownBy(closed::resume).isInstanceOf(ServerClosedException.class);
        assertThat(closed.shutdown(DEADLINE)).isCompletedWithValue(new Completed(0));
    }

    @Test
    void aDrainCanBeUndoneAndRepeated() {
        FakeConnection connection = active();
        CompletableFuture<DrainResult> first = connections.drain(DrainReason.SUCCEEDED);
        assertThat(connection.tracked().drainReason()).contains(DrainReason.SUCCEEDED);

        connections.resume();
        assertThat(first).isCompletedWithValue(DrainResult.RESUMED);
        assertThat(connection.tracked().drainReason()).isEmpty();
        connection.tracked().idle();
        assertThat(connection.state()).isEqualTo(IDLE);

        CompletableFuture<DrainResult> second = connections.drain(DrainReason.SUCCEEDED);
        connection.tracked().closed();
        assertThat(second).isCompletedWithValue(DrainResult.COMPLETED);
        assertThat(connection.asked()).containsExactly("drain SUCCEEDED", "resume", "drain SUCCEEDED");

        connections.resume();
        assertThat(new FakeConnection(connections).asked()).as("after the undo").isEmpty();
    }

    @Test
    void aShutdownTakesADrainOverWithoutTellingAnyoneTwice() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        CountDownLatch called = new CountDownLatch(1);
        connections.onShutdown(_ -> {
            calls.incrementAndGet();
            called.countDown();
        });
        FakeConnection connection = active();
        CompletableFuture<DrainResult> drain = connections.drain(DrainReason.SUCCEEDED);
        CompletableFuture<ShutdownResult> shutdown = connections.shutdown(DEADLINE);
        connection.tracked().closed();

        assertThat(called.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(drain).isCompletedWithValue(DrainResult.COMPLETED);
        assertThat(shutdown).isCompletedWithValue(new Completed(0));
        assertThat(connection.asked()).containsExactly("drain SUCCEEDED");
        assertThat(calls).hasValue(1);
    }

    @Test
    void callbacksRunOnceAtTheSameTimeAndAreNotWaitedFor() throws Exception {
        CyclicBarrier together = new CyclicBarrier(3);
        AtomicInteger calls = new AtomicInteger();
        for (int i = 0; i < 2; i++) {
            connections.onShutdown(reason -> {
                calls.incrementAndGet();
                assertThat(reason).isEqualTo(DrainReason.STOPPED);
                awaitQuietly(together);
            });
        }
        connections.onShutdown(_ -> {
            throw new IllegalStateException("a callback that fails harms nobody");
        });

        assertThat(connections.shutdown(DEADLINE)).isCompletedWithValue(new Completed(0));
        var _ = connections.shutdown(DEADLINE);
        connections.close();

        // Both callbacks wait for each other and for this thread: they would never meet if they ran one after the
        // other.
        together.await(10, TimeUnit.SECONDS);
        assertThat(calls).hasValue(2);
    }

    @Test
    void aCallbackThatIsAddedDuringADrainRunsAtOnce() throws Exception {
        var _ = connections.drain(DrainReason.SUCCEEDED);
        CompletableFuture<DrainReason> heard = new CompletableFuture<>();

        connections.onShutdown(heard::complete);

        assertThat(heard.get(10, TimeUnit.SECONDS)).isEqualTo(DrainReason.SUCCEEDED);
    }

    private static void awaitQuietly(CyclicBarrier barrier) {
        try {
            barrier.await(10, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
