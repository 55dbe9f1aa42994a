package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Answer;
import dev.baton.testkit.Await;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Guarantee 2 for transfers that last longer than several restarts. */
class LongTransfersTest {
    /** What a client may at most have to wait for the next piece. */
    private static final Duration LONGEST_STALL = Duration.ofSeconds(1);

    private static final Duration LENGTH = Duration.ofSeconds(30);
    private static final int PIECE = 1 << 20;

    @TempDir
    private Path directory;

    /** What a client saw: who answered, and the longest time between two pieces. */
    private record Transfer(String name, int generation, Duration longestStall) {}

    /**
     * Over each transport a download of 30 s, in pieces of 20 ms, and an upload of the same length: 1 GiB over TCP, 256 MiB
     * over the Unix socket. The client sends a piece as soon as its time has come and the kernel takes it; what it waits
     * beyond that time is a stall.
     */
    @Test
    void transfersGoOnInTheProcessThatBeganThemDuringThreeRestarts() throws Exception {
        try (RunningService service =
                RunningService.startWithAllTransports(directory, List.of("BATON_DRAIN_TIMEOUT", "5m"))) {
            List<FutureTask<Transfer>> transfers = new ArrayList<>();
            for (Transport transport : Transport.values()) {
                transfers.add(start(() -> download(service, transport)));
                int pieces = transport == Transport.TCP ? 1024 : 256;
                transfers.add(start(() -> upload(service, transport, pieces)));
            }
            awaitHandlers(service, transfers.size());
            for (int next = 2; next <= 4; next++) {
                service.hup();
                service.awaitSwitch(next);
            }
            assertThat(transfers).as("three restarts fit into the transfers").noneMatch(FutureTask::isDone);
            for (FutureTask<Transfer> each : transfers) {
                Transfer transfer = each.get();
                System.out.println(transfer);
                assertThat(transfer.generation()).as("%s", transfer).isEqualTo(1);
                assertThat(transfer.longestStall()).as("%s", transfer).isLessThan(LONGEST_STALL);
            }
            assertThat(service.child().awaitExit(SOON)).isZero();
        }
    }

    private static FutureTask<Transfer> start(Callable<Transfer> transfer) {
        FutureTask<Transfer> task = new FutureTask<>(transfer);
        Thread.ofPlatform().daemon().name("transfer").start(task);
        return task;
    }

    private static void awaitHandlers(RunningService service, int count) throws Exception {
        Await.state(
                "all transfers have begun",
                SOON,
                () -> service.said("1 handles").size() == count);
    }

    private static Transfer download(RunningService service, Transport transport) throws Exception {
        int lines = (int) LENGTH.dividedBy(Endpoints.STREAM_PERIOD);
        long longest = 0;
        try (StrictConnection connection = transport.open(service)) {
            connection.write(Scene.head("GET /clock?" + lines).getBytes(StandardCharsets.ISO_8859_1));
            String head = connection.readUntil("\r\n\r\n", SOON);
            assertThat(head).startsWith("HTTP/1.1 200 ").containsIgnoringCase("Transfer-Encoding: chunked");
            long last = System.nanoTime();
            for (int i = 0; i < lines; i++) {
                String line = i + "\n";
                String chunk = Integer.toHexString(line.length()) + "\r\n" + line + "\r\n";
                connection.expect(chunk.getBytes(StandardCharsets.ISO_8859_1), SOON);
                long now = System.nanoTime();
                longest = Math.max(longest, now - last);
                last = now;
            }
            connection.expect("0\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1), SOON);
            return new Transfer("download over " + transport, generation(head), Duration.ofNanos(longest));
        }
    }

    private static int generation(String head) {
        return head.lines()
                .filter(line -> line.regionMatches(true, 0, "Baton-Generation: ", 0, 18))
                .mapToInt(line -> Integer.parseInt(line.substring(18)))
                .findFirst()
                .orElseThrow();
    }

    private static Transfer upload(RunningService service, Transport transport, int pieces) throws Exception {
        byte[] piece = TestBytes.of(PIECE);
        MessageDigest sent = MessageDigest.getInstance("SHA-256");
        long longest = 0;
        try (StrictConnection connection = transport.open(service)) {
            String head = Scene.head("PUT /sha256", "Content-Length: " + (long) PIECE * pieces);
            connection.write(head.getBytes(StandardCharsets.ISO_8859_1));
            long begun = System.nanoTime();
            for (int i = 0; i < pieces; i++) {
                piece[i] = (byte) ~piece[i]; // No two pieces are the same.
                sent.update(piece);
                Pace.until(begun, LENGTH.multipliedBy(i).dividedBy(pieces));
                long due = System.nanoTime();
                connection.write(piece);
                longest = Math.max(longest, System.nanoTime() - due);
            }
            String digest = HexFormat.of().formatHex(sent.digest());
            Request expected = Request.get("/sha256", ExpectedBody.bytes(digest.getBytes(StandardCharsets.ISO_8859_1)));
            Answer answer = (Answer) connection.receive(expected, SOON);
            return new Transfer(
                    "upload over " + transport, answer.generation().orElseThrow(), Duration.ofNanos(longest));
        }
    }
}
