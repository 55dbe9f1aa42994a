package dev.baton.drain;

import static dev.baton.drain.ConnectionState.ACTIVE;
import static dev.baton.drain.ConnectionState.CLOSED;
import static dev.baton.drain.ConnectionState.HIJACKED;
import static dev.baton.drain.ConnectionState.IDLE;
import static dev.baton.drain.ConnectionState.NEW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TrackedConnectionTest {
    private final ManualTimer timer = new ManualTimer();
    private final Connections connections = new Connections(DrainOptions.defaults(), timer);

    @Test
    void aListenerSeesTheChangesInOrder() {
        List<String> seen = new ArrayList<>();
        connections.onStateChange((_, from, to) -> seen.add(from + " " + to));

        TrackedConnection connection = new FakeConnection(connections).tracked();
        connection.active();
        connection.idle();
        connection.active();
        connection.closed();

        assertThat(seen).containsExactly("NEW NEW", "NEW ACTIVE", "ACTIVE IDLE", "IDLE ACTIVE", "ACTIVE CLOSED");
    }

    @Test
    void anIllegalMoveIsRefusedAndChangesNothing() {
        TrackedConnection connection = new FakeConnection(connections).tracked();

        assertThatThrownBy(connection::idle)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("NEW cannot become IDLE");
        assertThatThrownBy(connection::hijacked).isInstanceOf(IllegalStateException.class);
        assertThat(connection.state()).isEqualTo(NEW);
        connection.active();
        assertThatThrownBy(connection::active).isInstanceOf(IllegalStateException.class);
        assertThat(connection.state()).isEqualTo(ACTIVE);
    }

    @Test
    void closingTwiceOrAfterAHijackDoesNothing() {
        TrackedConnection closed = new FakeConnection(connections).tracked();
        closed.closed();
        closed.closed();
        TrackedConnection hijacked = new FakeConnection(connections).tracked();
        hijacked.active();
        hijacked.hijacked();
        hijacked.closed();

        assertThat(closed.state()).isEqualTo(CLOSED);
        assertThat(hijacked.state()).isEqualTo(HIJACKED);
        assertThat(connections.size()).isZero();
    }

    @Test
    void aSnapshotTellsStateAgeAndCountsOldestFirst() {
        TrackedConnection first = new FakeConnection(connections).tracked();
        timer.advance(Duration.ofSeconds(2));
        TrackedConnection gone = new FakeConnection(connections).tracked();
        TrackedConnection second = new FakeConnection(connections).tracked();
        first.active();
        first.received(100);
        first.received(11);
        first.sent(2_000);
        first.requestServed();
        first.idle();
        second.active();
        gone.closed();
        timer.advance(Duration.ofSeconds(1));

        assertThat(connections.snapshot())
                .containsExactly(
                        new ConnectionSnapshot(IDLE, first.snapshot().peer(), Duration.ofSeconds(3), 1, 111, 2_000),
                        new ConnectionSnapshot(ACTIVE, second.snapshot().peer(), Duration.ofSeconds(1), 0, 0, 0));
    }
}
