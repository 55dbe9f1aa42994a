package dev.baton.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.baton.testkit.MisbehavingServer.Script;
import dev.baton.testkit.MisbehavingServer.Wire;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each misbehaviour of a server is counted as exactly what it is. */
class LoadTest {
    private static final String BODY = "0123456789";
    private static final String CHUNKED = String.join(
            "\r\n",
            "HTTP/1.1 200 OK",
            "Transfer-Encoding: chunked",
            "",
            "3;x=y",
            "012",
            "7",
            "3456789",
            "0",
            "Trailer: t",
            "",
            "");
    private static final String CLOSE_DELIMITED =
            String.join("\r\n", "HTTP/1.1 100 Continue", "", "HTTP/1.1 200 OK", "", BODY);
    private static final Request REQUEST =
            Request.get("/x", ExpectedBody.bytes(BODY.getBytes(StandardCharsets.US_ASCII)));

    @Test
    void everyRequestToAGoodServerIsAnswered() throws Exception {
        LoadReport report = run(LoadMode.newConnections(), 50, LoadTest::answerForEver);
        assertThat(failures(report)).isEmpty();
        assertThat(report.answered()).isEqualTo(50);
        assertThat(report.connectionsOpened()).isEqualTo(50);
    }

    @Test
    void newConnectionsKeepTheirPause() throws Exception {
        LoadReport report = run(LoadMode.newConnections(Duration.ofMillis(50)), 5, LoadTest::answerForEver);
        assertThat(failures(report)).isEmpty();
        assertThat(report.duration()).isGreaterThanOrEqualTo(Duration.ofMillis(4 * 50));
    }

    @Test
    void aPersistentConnectionIsUsedAgain() throws Exception {
        LoadReport report = run(LoadMode.persistent(), 50, LoadTest::answerForEver);
        assertThat(failures(report)).isEmpty();
        assertThat(report.answered()).isEqualTo(50);
        assertThat(report.connectionsOpened()).isEqualTo(1);
        assertThat(report.announcedCloses() + report.unannouncedCloses()).isZero();
    }

    @Test
    void aPortWithoutAListenerRefuses() throws Exception {
        InetSocketAddress address;
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            address = (InetSocketAddress) taken.getLocalSocketAddress();
        }
        assertThat(failures(Load.of(address, REQUEST).requests(3).start().join()))
                .containsExactly(entry(FailureKind.REFUSED, 3L));
    }

    @Test
    void aUnixPathWithoutAFileRefuses(@TempDir Path directory) throws Exception {
        var address = UnixDomainSocketAddress.of(directory.resolve("nobody"));
        assertThat(failures(Load.of(address, REQUEST).requests(3).start().join()))
                .containsExactly(entry(FailureKind.REFUSED, 3L));
    }

    @Test
    void aResetBeforeTheResponseIsAReset() throws Exception {
        assertOnly(FailureKind.RESET, wire -> {
            wire.readRequest();
            wire.reset();
        });
    }

    @Test
    void aResetWithinTheResponseIsAReset() throws Exception {
        assertOnly(FailureKind.RESET, wire -> {
            wire.readRequest();
            wire.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01");
            wire.reset();
        });
    }

    @Test
    void anEndBeforeTheResponseIsAnEmptyReply() throws Exception {
        assertOnly(FailureKind.EMPTY_REPLY, Wire::readRequest);
    }

    @Test
    void anEndWithinTheHeadIsTruncated() throws Exception {
        assertOnly(FailureKind.TRUNCATED, wire -> {
            wire.readRequest();
            wire.write("HTTP/1.1 200 OK\r\nContent-Le");
        });
    }

    @Test
    void anEndWithinTheBodyIsTruncated() throws Exception {
        assertOnly(FailureKind.TRUNCATED, wire -> {
            wire.readRequest();
            wire.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n012345678");
        });
    }

    @Test
    void anEndBeforeTheLastChunkIsTruncated() throws Exception {
        assertOnly(FailureKind.TRUNCATED, wire -> {
            wire.readRequest();
            wire.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n");
        });
    }

    @Test
    void oneOtherByteIsAWrongBody() throws Exception {
        assertOnly(FailureKind.WRONG_BODY, wire -> {
            wire.readRequest();
            wire.answer("012345678X");
        });
    }

    @Test
    void aShorterWholeResponseIsAWrongBody() throws Exception {
        assertOnly(FailureKind.WRONG_BODY, wire -> {
            wire.readRequest();
            wire.answer("012345678");
        });
    }

    @Test
    void aLongerWholeResponseIsAWrongBody() throws Exception {
        assertOnly(FailureKind.WRONG_BODY, wire -> {
            wire.readRequest();
            wire.answer("0123456789X");
        });
    }

    @Test
    void bytesAfterTheResponseAreAWrongBody() throws Exception {
        assertOnly(FailureKind.WRONG_BODY, wire -> {
            wire.readRequest();
            wire.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789X");
        });
    }

    @Test
    void status503IsAServerError() throws Exception {
        assertOnly(FailureKind.SERVER_ERROR, wire -> {
            wire.readRequest();
            wire.write("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
        });
    }

    @Test
    void status404IsAClientError() throws Exception {
        assertOnly(FailureKind.CLIENT_ERROR, wire -> {
            wire.readRequest();
            wire.write("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope");
        });
    }

    @Test
    void silenceIsTimedOut() throws Exception {
        try (MisbehavingServer server = new MisbehavingServer(Wire::hang)) {
            LoadReport report = Load.of(server.address(), REQUEST)
                    .timeout(Duration.ofMillis(100))
                    .requests(2)
                    .start()
                    .join();
            assertThat(failures(report)).containsExactly(entry(FailureKind.TIMED_OUT, 2L));
        }
    }

    @Test
    void whatIsNotHttpIsOther() throws Exception {
        assertOnly(FailureKind.OTHER, wire -> {
            wire.readRequest();
            wire.write("SSH-2.0-OpenSSH\r\n\r\n");
        });
    }

    @Test
    void aLateAnswerAndAFailureAreTroublesAndAnAnswerInTimeIsNone() throws Exception {
        AtomicInteger requests = new AtomicInteger();
        try (MisbehavingServer server = new MisbehavingServer(wire -> {
            wire.readRequest();
            switch (requests.incrementAndGet()) {
                case 2 ->
                    java.util.concurrent.locks.LockSupport.parkNanos(
                            Duration.ofMillis(400).toNanos());
                case 3 -> {
                    wire.reset();
                    return;
                }
                default -> {}
            }
            wire.answer(BODY, "Connection: close");
        })) {
            LoadReport report = Load.of(server.address(), REQUEST)
                    .patience(Duration.ofMillis(300))
                    .requests(4)
                    .start()
                    .join();
            List<Trouble> troubles = report.troubles();
            assertThat(troubles).hasSize(2);
            assertThat(troubles.get(0).failure()).isEmpty();
            assertThat(troubles.get(0).endedNanos() - troubles.get(0).beganNanos())
                    .isGreaterThanOrEqualTo(Duration.ofMillis(300).toNanos());
            assertThat(troubles.get(1).failure())
                    .hasValueSatisfying(failure -> assertThat(failure.kind()).isEqualTo(FailureKind.RESET));
        }
    }

    @Test
    void chunkedAndCloseDelimitedBodiesAreRead() throws Exception {
        AtomicInteger turn = new AtomicInteger();
        LoadReport report = run(LoadMode.newConnections(), 10, wire -> {
            wire.readRequest();
            wire.write(turn.getAndIncrement() % 2 == 0 ? CHUNKED : CLOSE_DELIMITED);
        });
        assertThat(failures(report)).isEmpty();
        assertThat(report.answered()).isEqualTo(10);
    }

    @Test
    void anAnnouncedCloseIsCountedAndLosesNothing() throws Exception {
        LoadReport report = run(LoadMode.persistent(), 10, wire -> {
            wire.readRequest();
            wire.answer(BODY);
            wire.readRequest();
            wire.answer(BODY, "Connection: close");
        });
        assertThat(failures(report)).isEmpty();
        assertThat(report.answered()).isEqualTo(10);
        assertThat(report.announcedCloses()).isEqualTo(5);
        assertThat(report.unannouncedCloses()).isZero();
        assertThat(report.connectionsOpened()).isEqualTo(5);
    }

    @Test
    void anAnnouncedCloseThatDoesNotComeIsAFailure() throws Exception {
        try (MisbehavingServer server = new MisbehavingServer(wire -> {
            wire.readRequest();
            wire.answer(BODY, "Connection: close");
            wire.hang();
        })) {
            LoadReport report = Load.of(server.address(), REQUEST)
                    .mode(LoadMode.persistent())
                    .timeout(Duration.ofMillis(100))
                    .requests(1)
                    .start()
                    .join();
            assertThat(failures(report)).containsExactly(entry(FailureKind.TIMED_OUT, 1L));
            assertThat(report.announcedCloses()).isZero();
        }
    }

    @Test
    void aConnectionClosedWhileIdleIsCountedAndLosesNothing() throws Exception {
        LoadReport report = run(LoadMode.persistent(Duration.ofMillis(50)), 4, wire -> {
            wire.readRequest();
            wire.answer(BODY);
        });
        assertThat(failures(report)).isEmpty();
        assertThat(report.answered()).isEqualTo(4);
        assertThat(report.unannouncedCloses()).isEqualTo(4);
        assertThat(report.announcedCloses()).isZero();
    }

    @Test
    void aRequestThatMeetsAClosingConnectionFailsOnAReusedConnection() throws Exception {
        // The keep-alive race made certain: the server reads the second request and closes without a word.
        LoadReport report = run(LoadMode.persistent(), 4, wire -> {
            wire.readRequest();
            wire.answer(BODY);
            wire.readRequest();
        });
        assertThat(failures(report)).containsExactly(entry(FailureKind.EMPTY_REPLY, 2L));
        assertThat(report.failuresOnReusedConnections()).isEqualTo(2);
        assertThat(report.answered()).isEqualTo(2);
        assertThat(report.unannouncedCloses()).isZero();
    }

    @Test
    void answersAreCountedByGeneration() throws Exception {
        AtomicInteger connections = new AtomicInteger();
        LoadReport report = run(LoadMode.newConnections(), 10, wire -> {
            int generation = connections.incrementAndGet() <= 4 ? 1 : 2;
            wire.readRequest();
            wire.answer(BODY, "Baton-Generation: " + generation, "Connection: close");
        });
        assertThat(failures(report)).isEmpty();
        assertThat(report.generations()).containsOnlyKeys(1, 2);
        assertThat(report.answeredBy(1)).isEqualTo(4);
        assertThat(report.answeredBy(2)).isEqualTo(6);
        List<GenerationSpan> spans = List.copyOf(report.generations().values());
        assertThat(spans.get(1).firstNanos()).isGreaterThan(spans.get(0).lastNanos());
    }

    @Test
    void aPauseShowsInItsWindowAndNotOutside() throws Exception {
        Duration pause = Duration.ofMillis(400);
        AtomicInteger requests = new AtomicInteger();
        LoadReport report = run(LoadMode.persistent(Duration.ofMillis(2)), 400, wire -> {
            while (wire.readRequest()) {
                if (requests.incrementAndGet() == 200) {
                    java.util.concurrent.locks.LockSupport.parkNanos(pause.toNanos());
                }
                wire.answer(BODY);
            }
        });
        long stalled = report.window().fromNanos()
                + (report.window().toNanos() - report.window().fromNanos()) / 2;
        TimeWindow window = TimeWindow.around(stalled, Duration.ofMillis(1_200));
        LatencySummary inside = report.latencies(window);
        LatencySummary outside = report.latenciesOutside(List.of(window));
        assertThat(inside.max()).isGreaterThanOrEqualTo(pause);
        assertThat(inside.longestGap()).isGreaterThanOrEqualTo(pause);
        assertThat(inside.count() + outside.count()).isEqualTo(400);
        assertThat(outside.max()).isLessThan(pause);
    }

    @Test
    void aLoadStopsWhenItIsTold() throws Exception {
        try (MisbehavingServer server = new MisbehavingServer(LoadTest::answerForEver)) {
            RunningLoad load = Load.of(server.address(), REQUEST)
                    .mode(LoadMode.persistent())
                    .connections(4)
                    .start();
            load.awaitAnswers(100, Duration.ofSeconds(10));
            LoadReport report = load.stop();
            assertThat(report.answered()).isGreaterThanOrEqualTo(100);
            assertThat(report.connectionsOpened()).isEqualTo(4);
            assertThat(failures(report)).isEmpty();
        }
    }

    private static void answerForEver(Wire wire) throws IOException {
        while (wire.readRequest()) {
            wire.answer(BODY);
        }
    }

    private static void assertOnly(FailureKind kind, Script script) throws Exception {
        LoadReport fresh = run(LoadMode.newConnections(), 3, script);
        assertThat(failures(fresh)).as(fresh.toString()).containsExactly(entry(kind, 3L));
        assertThat(fresh.answered()).isZero();
        LoadReport persistent = run(LoadMode.persistent(), 3, script);
        assertThat(failures(persistent)).as(persistent.toString()).containsExactly(entry(kind, 3L));
        assertThat(persistent.failuresOnReusedConnections()).isZero();
    }

    private static LoadReport run(LoadMode mode, int requests, Script script) throws Exception {
        try (MisbehavingServer server = new MisbehavingServer(script)) {
            return Load.of(server.address(), REQUEST)
                    .mode(mode)
                    .requests(requests)
                    .start()
                    .join();
        }
    }

    private static Map<FailureKind, Long> failures(LoadReport report) {
        return report.failures().entrySet().stream()
                .filter(entry -> entry.getValue() > 0)
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }
}
