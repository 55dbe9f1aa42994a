package dev.baton.agent;

import static dev.baton.Participant.DrainReason.STOPPED;
import static dev.baton.Participant.DrainReason.SUCCEEDED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.Participant.DrainReason;
import dev.baton.agent.ConnectionCensus.Standing;
import dev.baton.posix.TcpInfo;
import dev.baton.testkit.Await;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DrainWatchTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final ConnectionCensus NONE = new ConnectionCensus(0, 0, 0, Duration.ZERO);
    private static final ConnectionCensus FRESH = new ConnectionCensus(1, 1, 0, Duration.ZERO);
    private static final ConnectionCensus OUTSTANDING = new ConnectionCensus(1, 0, 1, Duration.ZERO);

    private static ConnectionCensus idle(long millis) {
        return new ConnectionCensus(1, 0, 0, Duration.ofMillis(millis));
    }

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
    void anIdleConnectionHoldsARestartForItsGrace() {
        assertThat(isOver(idle(60_000), 29_999, SUCCEEDED)).isFalse();
        assertThat(isOver(idle(30_000), 30_000, SUCCEEDED)).isTrue();
    }

    @Test
    void oneThatIsUsedHoldsARestartAsLongAsItIs() {
        assertThat(isOver(idle(29_999), 3_600_000, SUCCEEDED)).isFalse();
    }

    @Test
    void anIdleConnectionHoldsAStopUntilNothingWasSaidForASecond() {
        assertThat(isOver(idle(999), 3_600_000, STOPPED)).isFalse();
        assertThat(isOver(idle(1_000), 500, STOPPED)).isTrue();
    }

    private static TcpInfo connection(long received, long sent, long sinceReceived, long sinceSent, boolean sending) {
        return new TcpInfo(
                true, received, sent, Duration.ofMillis(sinceReceived), Duration.ofMillis(sinceSent), sending);
    }

    @Test
    void whoSpokeLastTellsWhetherAnAnswerIsDue() {
        assertThat(Standing.of(connection(0, 7, 9, 9, false))).as("a greeting").isEqualTo(Standing.FRESH);
        assertThat(Standing.of(connection(1, 0, 9_999, 9_999, false)))
                .as("a first request")
                .isEqualTo(Standing.OUTSTANDING);
        assertThat(Standing.of(connection(2, 1, 3, 4, false))).isEqualTo(Standing.OUTSTANDING);
        assertThat(Standing.of(connection(2, 2, 4, 3, false))).isEqualTo(Standing.IDLE);
        assertThat(Standing.of(connection(2, 2, 4, 3, true)))
                .as("the client has not got it")
                .isEqualTo(Standing.OUTSTANDING);
    }

    @Test
    void whatWasSaidWithinOneTickOfTheKernelsClockMayBeARequest() {
        assertThat(Standing.of(connection(2, 2, 4_999, 4_999, false))).isEqualTo(Standing.OUTSTANDING);
        assertThat(Standing.of(connection(2, 2, 5_000, 5_000, false))).isEqualTo(Standing.IDLE);
    }

    @Test
    void theKernelTells() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket client = new Socket(server.getInetAddress(), server.getLocalPort());
                Socket accepted = server.accept()) {
            Set<Integer> ports = Set.of(server.getLocalPort());
            assertThat(ConnectionCensus.of(ports, Set.of())).isEqualTo(FRESH);
            client.getOutputStream().write(1);
            assertThat(accepted.getInputStream().read()).isEqualTo(1);
            assertThat(ConnectionCensus.of(ports, Set.of())).isEqualTo(OUTSTANDING);
            passTicks();
            accepted.getOutputStream().write(2);
            assertThat(client.getInputStream().read()).isEqualTo(2);
            Await.state(
                    "the answer to be confirmed",
                    SOON,
                    () -> ConnectionCensus.of(ports, Set.of()).idle() == 1);
            client.getOutputStream().write(3);
            assertThat(accepted.getInputStream().read()).isEqualTo(3);
            assertThat(ConnectionCensus.of(ports, Set.of())).isEqualTo(OUTSTANDING);
            assertThat(ConnectionCensus.of(Set.of(1), Set.of())).isEqualTo(NONE);
        }
        assertThat(ConnectionCensus.of(Set.of(1), Set.of())).isEqualTo(NONE);
    }

    /** So that what was said before and what is said after have an order. */
    private static void passTicks() throws Exception {
        long begun = System.nanoTime();
        Await.state("some ticks of the kernel's clock", SOON, () -> System.nanoTime() - begun > 50_000_000);
    }

    @Test
    void whatTheClientDoesNotReadIsStillBeingSent() throws Exception {
        try (ServerSocketChannel server =
                        ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                SocketChannel client = SocketChannel.open(server.getLocalAddress());
                SocketChannel accepted = server.accept()) {
            Set<Integer> ports = Set.of(((InetSocketAddress) server.getLocalAddress()).getPort());
            client.write(ByteBuffer.allocate(1));
            assertThat(accepted.read(ByteBuffer.allocate(1))).isEqualTo(1);
            passTicks();
            accepted.configureBlocking(false);
            long sent = 0;
            for (int count = 1; count > 0; sent += count) {
                count = accepted.write(ByteBuffer.allocate(1 << 20));
            }
            passTicks();
            assertThat(ConnectionCensus.of(ports, Set.of())).isEqualTo(OUTSTANDING);

            for (long received = 0; received < sent; ) {
                received += client.read(ByteBuffer.allocate(1 << 20));
            }
            Await.state(
                    "all to be confirmed",
                    SOON,
                    () -> ConnectionCensus.of(ports, Set.of()).idle() == 1);
        }
    }
}
