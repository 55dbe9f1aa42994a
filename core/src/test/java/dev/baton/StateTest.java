package dev.baton;

import static dev.baton.State.PARKED;
import static dev.baton.State.RETIRED;
import static dev.baton.State.SERVING;
import static dev.baton.State.STARTING;
import static dev.baton.State.STOPPING;
import static dev.baton.State.UPGRADING;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StateTest {

    @Test
    void theMovesAreThoseOfTheDiagram() {
        Map<State, Set<State>> diagram = Map.of(
                STARTING, EnumSet.of(SERVING, RETIRED),
                SERVING, EnumSet.of(UPGRADING, PARKED, STOPPING),
                UPGRADING, EnumSet.of(SERVING, PARKED, STOPPING),
                PARKED, EnumSet.of(SERVING, RETIRED),
                STOPPING, EnumSet.of(RETIRED),
                RETIRED, EnumSet.noneOf(State.class));
        for (State from : State.values()) {
            for (State to : State.values()) {
                assertThat(from.canBecome(to))
                        .as("%s to %s", from, to)
                        .isEqualTo(diagram.getOrDefault(from, Set.of()).contains(to));
            }
        }
    }
}
