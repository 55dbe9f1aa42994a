package dev.baton.drain;

import static dev.baton.drain.ConnectionState.ACTIVE;
import static dev.baton.drain.ConnectionState.CLOSED;
import static dev.baton.drain.ConnectionState.IDLE;
import static dev.baton.drain.ConnectionState.NEW;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class IdlePolicyTest {
    private final ManualTimer timer = new ManualTimer();

    private Connections with(IdlePolicy policy) {
        return new Connections(DrainOptions.builder().idlePolicy(policy).build(), timer);
    }

    private static FakeConnection idle(Connections connections) {
        FakeConnection connection = new FakeConnection(connections);
        connection.tracked().active();
        connection.tracked().idle();
        return connection;
    }

    private static FakeConnection active(Connections connections) {
        FakeConnection connection = new FakeConnection(connections);
        connection.tracked().active();
        return connection;
    }

    @Test
    void closeClosesIdleConnectionsWhenTheDrainBeginsAndNoOthers() {
        Connections connections = with(IdlePolicy.CLOSE);
        FakeConnection idle = idle(connections);
        FakeConnection active = active(connections);
        FakeConnection silent = new FakeConnection(connections);

        var _ = connections.drain(DrainReason.SUCCEEDED);

        assertThat(idle.state()).isEqualTo(CLOSED);
        assertThat(active.state()).isEqualTo(ACTIVE);
        assertThat(silent.state()).isEqualTo(NEW);
    }

    @Test
    void closeClosesAConnectionThatBecomesIdleLater() {
        Connections connections = with(IdlePolicy.CLOSE);
        FakeConnection active = active(connections);
        var _ = connections.drain(DrainReason.SUCCEEDED);

        active.tracked().idle();

        assertThat(active.state()).isEqualTo(CLOSED);
    }

    @ParameterizedTest
    @EnumSource(names = {"MIGRATE", "CLOSE_AFTER_RESPONSE"})
    void idleConnectionsStayUntilTheIdleGraceIsOver(IdlePolicy policy) {
        Connections connections = with(policy);
        FakeConnection idle = idle(connections);
        FakeConnection later = active(connections);
        var _ = connections.drain(DrainReason.SUCCEEDED);
        later.tracked().idle();

        timer.advance(Duration.ofSeconds(30).minusNanos(1));
        assertThat(idle.state()).isEqualTo(IDLE);
        assertThat(later.state()).isEqualTo(IDLE);

        timer.advance(Duration.ofNanos(1));
        assertThat(idle.state()).isEqualTo(CLOSED);
        assertThat(later.state()).isEqualTo(CLOSED);
    }

    @Test
    void aConnectionThatBecomesIdleAfterTheIdleGraceIsClosed() {
        Connections connections = with(IdlePolicy.CLOSE_AFTER_RESPONSE);
        FakeConnection active = active(connections);
        var _ = connections.drain(DrainReason.SUCCEEDED);
        timer.advance(Duration.ofSeconds(31));
        assertThat(active.state()).isEqualTo(ACTIVE);

        active.tracked().idle();

        assertThat(active.state()).isEqualTo(CLOSED);
    }

    @Test
    void silentConnectionsCountAsIdleFiveSecondsAfterTheirAccept() {
        Connections connections = with(IdlePolicy.CLOSE);
        FakeConnection old = new FakeConnection(connections);
        timer.advance(Duration.ofSeconds(3));
        FakeConnection young = new FakeConnection(connections);
        timer.advance(Duration.ofSeconds(1));
        var _ = connections.drain(DrainReason.SUCCEEDED);
        FakeConnection late = new FakeConnection(connections);

        timer.advance(Duration.ofSeconds(1).minusNanos(1));
        assertThat(old.state()).isEqualTo(NEW);
        timer.advance(Duration.ofNanos(1));
        assertThat(old.state()).isEqualTo(CLOSED);
        assertThat(young.state()).isEqualTo(NEW);
        timer.advance(Duration.ofSeconds(3));
        assertThat(young.state()).isEqualTo(CLOSED);
        assertThat(late.state()).isEqualTo(NEW);
        timer.advance(Duration.ofSeconds(1));
        assertThat(late.state()).isEqualTo(CLOSED);
    }

    @Test
    void aSilentConnectionThatSpeaksWithinItsGraceIsNotClosed() {
        Connections connections = with(IdlePolicy.CLOSE);
        FakeConnection silent = new FakeConnection(connections);
        var _ = connections.drain(DrainReason.SUCCEEDED);

        silent.tracked().active();
        timer.advance(Duration.ofMinutes(1));

        assertThat(silent.state()).isEqualTo(ACTIVE);
        assertThat(silent.asked()).containsExactly("drain SUCCEEDED");
    }

    @Test
    void aSilentConnectionOfTheOtherPoliciesStaysUntilBothGracesAreOver() {
        Connections connections = with(IdlePolicy.CLOSE_AFTER_RESPONSE);
        FakeConnection silent = new FakeConnection(connections);
        CompletableFuture<DrainResult> drained = connections.drain(DrainReason.SUCCEEDED);
        timer.advance(Duration.ofSeconds(28));
        FakeConnection late = new FakeConnection(connections);

        timer.advance(Duration.ofSeconds(2));
        assertThat(silent.state()).isEqualTo(CLOSED);
        assertThat(late.state()).isEqualTo(NEW);
        timer.advance(Duration.ofSeconds(3));
        assertThat(late.state()).isEqualTo(CLOSED);
        assertThat(drained).isCompletedWithValue(DrainResult.COMPLETED);
    }

    @Test
    void aDrainThatWasUndoneClosesNothing() {
        Connections connections = with(IdlePolicy.CLOSE_AFTER_RESPONSE);
        FakeConnection idle = idle(connections);
        FakeConnection silent = new FakeConnection(connections);
        var _ = connections.drain(DrainReason.SUCCEEDED);
        timer.advance(Duration.ofSeconds(29));

        connections.resume();
        timer.advance(Duration.ofMinutes(5));

        assertThat(idle.state()).isEqualTo(IDLE);
        assertThat(silent.state()).isEqualTo(NEW);
        assertThat(timer.scheduled()).isZero();
    }

    @Test
    void aGraceForEverNeverEnds() {
        Connections connections = new Connections(
                DrainOptions.builder()
                        .idlePolicy(IdlePolicy.CLOSE)
                        .newConnectionGrace(Duration.ofSeconds(Long.MAX_VALUE))
                        .build(),
                timer);
        FakeConnection silent = new FakeConnection(connections);
        var _ = connections.drain(DrainReason.SUCCEEDED);

        timer.advance(Duration.ofDays(1000));

        assertThat(silent.state()).isEqualTo(NEW);
    }
}
