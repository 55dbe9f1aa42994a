package dev.baton.agent;

import static dev.baton.Participant.DrainReason.STOPPED;
import static dev.baton.Participant.DrainReason.SUCCEEDED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.Participant.DrainReason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DrainWatchTest {
    private static final ConnectionCensus NONE = new ConnectionCensus(0, 0, 0);
    private static final ConnectionCensus FRESH = new ConnectionCensus(1, 1, 0);
    private static final ConnectionCensus OUTSTANDING = new ConnectionCensus(1, 0, 1);
    private static final ConnectionCensus IDLE = new ConnectionCensus(1, 0, 0);

    private static boolean isOver(ConnectionCensus census, long millis, DrainReason reason) {
        return DrainWatch.isOver(census, Duration.ofMillis(millis), reason);
    }

    @Test
    void whatWasAcceptedLastHasTimeToBeSeen() {
        assertThat(isOver(NONE, 499, SUCCEEDED)).isFalse();
        assertThat(isOver(NONE, 500, SUCCEEDED)).isTrue();
    }

    @Test
    void aRequestIsWaitedForHoweverLongItTakes() {
        assertThat(isOver(OUTSTANDING, 3_600_000, SUCCEEDED)).isFalse();
        assertThat(isOver(OUTSTANDING, 3_600_000, STOPPED)).isFalse();
    }

    @Test
    void aConnectionThatHasSaidNothingHasItsGrace() {
        assertThat(isOver(FRESH, 4_999, STOPPED)).isFalse();
        assertThat(isOver(FRESH, 5_000, STOPPED)).isTrue();
    }

    @Test
    void anIdleConnectionHoldsARestartForItsGraceAndAStopNotAtAll() {
        assertThat(isOver(IDLE, 29_999, SUCCEEDED)).isFalse();
        assertThat(isOver(IDLE, 30_000, SUCCEEDED)).isTrue();
        assertThat(isOver(IDLE, 500, STOPPED)).isTrue();
    }

    @Test
    void theKernelTellsWhoSpokeLast() throws IOException, InterruptedException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket client = new Socket(server.getInetAddress(), server.getLocalPort());
                Socket accepted = server.accept()) {
            Set<Integer> ports = Set.of(server.getLocalPort());
            assertThat(ConnectionCensus.of(ports)).isEqualTo(FRESH);
            client.getOutputStream().write(1);
            assertThat(accepted.getInputStream().read()).isEqualTo(1);
            assertThat(ConnectionCensus.of(ports)).isEqualTo(OUTSTANDING);
            accepted.getOutputStream().write(2);
            assertThat(client.getInputStream().read()).isEqualTo(2);
            assertThat(ConnectionCensus.of(ports)).isEqualTo(IDLE);
            assertThat(ConnectionCensus.of(Set.of(1))).isEqualTo(NONE);
        }
        assertThat(ConnectionCensus.of(Set.of(1))).isEqualTo(NONE);
    }
}
