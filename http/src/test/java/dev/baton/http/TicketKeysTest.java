package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TicketKeysTest {
    private static final Instant NOW = Instant.parse("2026-11-23T01:00:00Z");

    @Test
    void aKeyIsMadeWhereThereIsNone() {
        assertThat(TicketKeys.none().at(NOW).keys()).singleElement().satisfies(key -> {
            assertThat(key.made()).isEqualTo(NOW);
            assertThat(key.bytes()).hasSize(48);
        });
    }

    @Test
    void keysStayUntilTheirRotationIsDue() {
        TicketKeys first = TicketKeys.none().at(NOW);
        assertThat(first.at(NOW.plus(TicketKeys.ROTATION).minusSeconds(1))).isSameAs(first);
    }

    @Test
    void aRotationPutsANewKeyInFrontAndKeepsTheOldOneForADay() {
        TicketKeys first = TicketKeys.none().at(NOW);
        Instant due = NOW.plus(TicketKeys.ROTATION);
        TicketKeys second = first.at(due);
        assertThat(second.keys()).hasSize(2);
        assertThat(second.keys().getFirst().made()).isEqualTo(due);
        assertThat(second.keys().getLast()).isSameAs(first.keys().getFirst());

        TicketKeys dayLater = second.at(due.plus(Duration.ofDays(1)));
        assertThat(dayLater.keys()).doesNotContain(first.keys().getFirst());
        assertThat(dayLater.keys()).hasSize(2);
    }

    @Test
    void keysGoThroughTheHandoffAsTheyAre() {
        TicketKeys keys = TicketKeys.none().at(NOW).at(NOW.plus(TicketKeys.ROTATION));
        TicketKeys decoded = TicketKeys.decode(keys.encode());
        assertThat(decoded.keys()).hasSize(2);
        for (int i = 0; i < 2; i++) {
            assertThat(decoded.keys().get(i).made())
                    .isEqualTo(keys.keys().get(i).made());
            assertThat(decoded.keys().get(i).bytes())
                    .isEqualTo(keys.keys().get(i).bytes());
        }
    }

    @Test
    void keysThatAreNotUnderstoodAreNotUsed() {
        byte[] keys = TicketKeys.none().at(NOW).encode();
        byte[] ofAnotherVersion = keys.clone();
        ofAnotherVersion[0] = 2;
        for (byte[] each : List.of(new byte[0], ofAnotherVersion, Arrays.copyOf(keys, keys.length - 1))) {
            assertThat(TicketKeys.decode(each).keys()).isEmpty();
        }
    }
}
