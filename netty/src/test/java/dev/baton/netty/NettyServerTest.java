package dev.baton.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.drain.ConnectionState;
import dev.baton.drain.DrainTimer;
import dev.baton.drain.ServerClosedException;
import dev.baton.testkit.Answer;
import dev.baton.testkit.Await;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.FdLeakCheck;
import dev.baton.testkit.Load;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.Outcome;
import dev.baton.testkit.Request;
import dev.baton.testkit.RunningLoad;
import dev.baton.testkit.StrictConnection;
import io.netty.channel.ChannelOption;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoLeaks.class)
final class NettyServerTest {
    private static final Duration SOON = TestServer.SOON;
    private static final Request NAME = Request.get("/name", ExpectedBody.anything());

    @Test
    void itAnswersOnTcp4AndTcp6AndUnix(@TempDir Path directory) throws Exception {
        try (TestListener v4 = TestListener.tcp4();
                TestListener v6 = TestListener.tcp6();
                TestListener unix = TestListener.unix(directory.resolve("socket"));
                TestServer _ = TestServer.started("1", v4, v6, unix)) {
            assertThat(name(v4.localAddress())).isEqualTo("1");
            assertThat(name(v6.localAddress())).isEqualTo("1");
            assertThat(name(unix.localAddress())).isEqualTo("1");
        }
    }

    @Test
    void aUnixPathIsStillThereAndServesOnAfterTheServerHasParkedAndClosed(@TempDir Path directory) throws Exception {
        Path path = directory.resolve("socket");
        try (TestListener unix = TestListener.unix(path)) {
            TestServer first = TestServer.started("1", unix);
            first.park();
            assertThat(Files.exists(path)).isTrue();
            first.resume();
            first.close();
            assertThat(Files.exists(path)).isTrue();

            try (TestServer _ = TestServer.started("2", unix)) {
                assertThat(name(unix.localAddress())).isEqualTo("2");
            }
            assertThat(Files.exists(path)).isTrue();
        }
    }

    @Test
    void theSocketStaysNonBlockingThroughoutTheServersLife() throws Exception {
        try (TestListener listener = TestListener.tcp4()) {
            TestServer server = TestServer.started("1", listener);
            assertThat(listener.isNonBlocking()).isTrue();
            server.park();
            assertThat(listener.isNonBlocking()).isTrue();
            server.close();
            assertThat(listener.isNonBlocking()).isTrue();
        }
    }

    @Test
    void connectsThatWaitWhileItIsParkedAreAnsweredWhenItResumes() throws Exception {
        try (TestListener listener = TestListener.tcp4();
                TestServer server = TestServer.started("1", listener)) {
            server.park();
            List<StrictConnection> waiting = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                StrictConnection connection = StrictConnection.open(listener.localAddress());
                connection.send(NAME);
                waiting.add(connection);
            }
            // A turn of the accept loop after the last connect.
            server.park();
            assertThat(server.states()).as("accepted while parked").isEmpty();

            server.resume();

            for (StrictConnection connection : waiting) {
                assertThat(connection.receive(NAME, SOON)).isInstanceOf(Answer.class);
                connection.close();
            }
        }
    }

    @Test
    void parkingKeepsConnections() throws Exception {
        try (TestListener listener = TestListener.tcp4();
                TestServer server = TestServer.started("1", listener);
                StrictConnection connection = StrictConnection.open(listener.localAddress())) {
            assertThat(exchange(connection)).isEqualTo("1");
            server.park();
            assertThat(exchange(connection)).isEqualTo("1");
        }
    }

    @Test
    void twoServersHandTheSocketBackAndForthAThousandTimesAndEveryConnectIsAnswered() throws Exception {
        try (TestListener listener = TestListener.tcp4();
                TestServer first = TestServer.started("1", listener);
                TestServer second = new TestServer("2", first.connections().options(), DrainTimer.system(), listener)) {
            RunningLoad load = Load.of(listener.localAddress(), NAME)
                    .mode(LoadMode.newConnections())
                    .connections(16)
                    .start();
            TestServer accepting = first;
            TestServer parked = second;
            for (int i = 0; i < 1_000; i++) {
                parked.resume();
                accepting.park();
                TestServer next = parked;
                parked = accepting;
                accepting = next;
                if (i % 50 == 0) {
                    load.awaitAnswers(10, SOON);
                }
            }
            LoadReport report = load.stop();

            assertThat(report.failed()).as(report.toString()).isZero();
            assertThat(report.answeredBy(1)).isPositive();
            assertThat(report.answeredBy(2)).isPositive();
        }
    }

    @Test
    void callsThatOvertakeEachOtherTakeEffectInTheirOrder() throws Exception {
        try (TestListener listener = TestListener.tcp4();
                TestServer server = TestServer.started("1", listener)) {
            for (int i = 0; i < 1_000; i++) {
                CompletableFuture<Void> park = server.netty().park();
                CompletableFuture<Void> resume = server.netty().resume();
                Await.event("the park", park, SOON);
                Await.event("the resume", resume, SOON);
            }
            assertThat(name(listener.localAddress())).isEqualTo("1");
            server.awaitState(ConnectionState.CLOSED);
            var _ = server.netty().resume();
            server.park();
            server.park();
            try (StrictConnection connection = StrictConnection.open(listener.localAddress())) {
                int before = server.states().size();
                connection.send(NAME);
                server.park();
                assertThat(server.states()).hasSize(before);
            }
        }
    }

    @Test
    void childOptionsReachEveryConnection() throws Exception {
        try (TestListener listener = TestListener.tcp4();
                TestServer server = TestServer.started("1", listener);
                StrictConnection connection = StrictConnection.open(listener.localAddress())) {
            assertThat(exchange(connection)).isEqualTo("1");
            assertThat(server.channels()).singleElement().satisfies(channel -> {
                assertThat(channel.config().getOption(ChannelOption.TCP_NODELAY))
                        .isTrue();
                assertThat(channel.config().getOption(ChannelOption.SO_KEEPALIVE))
                        .isTrue();
            });
        }
    }

    @Test
    void closeEndsItsThreadsAtOnceAndFreesItsDescriptors() throws Exception {
        try (TestListener listener = TestListener.tcp4()) {
            try (TestServer _ = TestServer.started("0", listener)) {
                // The JDK's sockets and Netty keep a descriptor each from their first use on.
                assertThat(name(listener.localAddress())).isEqualTo("0");
            }
            FdLeakCheck descriptors = FdLeakCheck.ofThisJvm();
            List<Thread> others = threads("baton-"); // Such as the timer of all registries.
            TestServer server = TestServer.started("1", listener);
            assertThat(name(listener.localAddress())).isEqualTo("1");
            List<Thread> threads = new ArrayList<>(threads("baton-"));
            threads.removeAll(others);
            assertThat(threads).isNotEmpty().noneMatch(Thread::isDaemon);

            long before = System.nanoTime();
            server.close();
            for (Thread thread : threads) {
                assertThat(thread.join(SOON)).as(thread + " ends").isTrue();
            }

            assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(1));
            assertThat(threads("globalEventExecutor"))
                    .as("keeps a process alive for a second")
                    .isEmpty();
            descriptors.assertNone(SOON);
        }
    }

    @Test
    void afterCloseItSaysThatItCannotServeAgain() throws Exception {
        try (TestListener listener = TestListener.tcp4()) {
            TestServer server = TestServer.started("1", listener);
            server.close();

            assertThatThrownBy(() -> server.netty().resume().get()).hasCauseInstanceOf(ServerClosedException.class);
            assertThat(server.netty().close()).isZero();
        }
    }

    @Test
    void afterReleaseItServesItsConnectionsAndCannotAccept() throws Exception {
        try (TestListener listener = TestListener.tcp4();
                TestServer server = TestServer.started("1", listener);
                StrictConnection connection = StrictConnection.open(listener.localAddress())) {
            assertThat(exchange(connection)).isEqualTo("1");
            server.park();
            server.netty().release();

            assertThat(exchange(connection)).isEqualTo("1");
            assertThatThrownBy(() -> server.netty().resume().get()).hasCauseInstanceOf(ServerClosedException.class);
        }
    }

    @Test
    void itPausesWhenOutOfDescriptorsAndGoesOnWhenThereAreSome() throws Exception {
        try (TestListener listener = TestListener.tcp4();
                TestServer server = TestServer.started("1", listener);
                PauseLog log = new PauseLog()) {
            prepareForScarcity(server, listener, log);
            try (StrictConnection connection = StrictConnection.open(listener.localAddress())) {
                connection.send(NAME);
                try (Limits _ = Limits.noDescriptors()) {
                    server.resume();
                    log.awaitPauses(3);
                }

                assertThat(connection.receive(NAME, SOON)).isInstanceOf(Answer.class);
                assertThat(log.shortestInterval()).as("between attempts").isGreaterThan(Duration.ofMillis(50));
            }
        }
    }

    @Test
    void aServerThatIsParkedInAPauseStaysParked() throws Exception {
        try (TestListener listener = TestListener.tcp4();
                TestServer server = TestServer.started("1", listener);
                PauseLog log = new PauseLog()) {
            prepareForScarcity(server, listener, log);
            int before = server.states().size();
            try (StrictConnection connection = StrictConnection.open(listener.localAddress())) {
                connection.send(NAME);
                try (Limits _ = Limits.noDescriptors()) {
                    server.resume();
                    log.awaitPauses(1);
                    server.park();
                }

                // The pause would be over three times. What does not happen gives no event to wait for.
                CompletableFuture<Boolean> later = new CompletableFuture<>();
                later.completeOnTimeout(true, 300, TimeUnit.MILLISECONDS);
                Await.event("the time of three pauses", later, SOON);
                assertThat(server.states()).hasSize(before);

                server.resume();
                assertThat(connection.receive(NAME, SOON)).isInstanceOf(Answer.class);
            }
        }
    }

    /** Loads all classes that are needed later, because then no file can be opened, and parks. */
    private static void prepareForScarcity(TestServer server, TestListener listener, PauseLog log) throws Exception {
        log.warmUp();
        assertThat(name(listener.localAddress())).isEqualTo("1");
        server.awaitState(ConnectionState.CLOSED);
        server.park();
        Limits.noDescriptors().close();
    }

    private static List<Thread> threads(String prefix) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(each -> each.getName().startsWith(prefix))
                .toList();
    }

    private static String exchange(StrictConnection connection) throws IOException {
        connection.send(NAME);
        return text(connection.receive(NAME, SOON));
    }

    private static String name(SocketAddress address) {
        return text(StrictConnection.exchange(address, NAME, SOON));
    }

    private static String text(Outcome outcome) {
        assertThat(outcome).isInstanceOf(Answer.class);
        return ((Answer) outcome).text();
    }
}
