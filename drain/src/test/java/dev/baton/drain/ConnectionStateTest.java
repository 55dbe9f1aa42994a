package dev.baton.drain;

import static dev.baton.drain.ConnectionState.ACTIVE;
import static dev.baton.drain.ConnectionState.CLOSED;
import static dev.baton.drain.ConnectionState.HIJACKED;
import static dev.baton.drain.ConnectionState.IDLE;
import static dev.baton.drain.ConnectionState.NEW;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class ConnectionStateTest {
    /** The comments of Go's {@code ConnState} constants, as a table. */
    private static final Map<ConnectionState, Set<ConnectionState>> GO = Map.of(
            NEW, Set.of(ACTIVE, CLOSED),
            ACTIVE, Set.of(IDLE, HIJACKED, CLOSED),
            IDLE, Set.of(ACTIVE, HIJACKED, CLOSED),
            HIJACKED, Set.of(),
            CLOSED, Set.of());

    @ParameterizedTest
    @EnumSource
    void everyStateMovesAsInGoAndNowhereElse(ConnectionState from) {
        for (ConnectionState to : ConnectionState.values()) {
            assertThat(from.canBecome(to))
                    .as(from + " to " + to)
                    .isEqualTo(GO.getOrDefault(from, Set.of()).contains(to));
        }
    }
}
