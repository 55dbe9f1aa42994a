package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.BatonControl;
import dev.baton.RestartResult;
import dev.baton.UndoResult;
import dev.baton.testkit.Answer;
import dev.baton.testkit.FdLeakCheck;
import dev.baton.testkit.Outcome;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Guarantees 4 and 5 together: what has moved moves back. A hundred times with {@code -Dbaton.trials=full}, otherwise 25. */
class BackAndForthTest {
    private static final int EACH = 20;

    @TempDir
    private Path directory;

    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void aHundredRestartsThatAreUndoneLoseNoConnectionAndLeakNoDescriptor() throws Exception {
        int trials = Trials.of(100);
        String[] unix = {Transport.UNIX.listenAddress(directory)};
        try (RunningService service =
                RunningService.startCheaply(directory, List.of("BATON_UNDO_WINDOW", "60s"), "127.0.0.1:0", unix)) {
            long parent = service.child().pid();
            Set<Long> others = ProcFs.socketInodes(parent);
            List<StrictConnection> clients = connect(service);
            try {
                ServerEnds ends = ServerEnds.since(others, parent);
                assertThat(ends.inodes()).hasSize(clients.size());
                long begun = System.nanoTime();
                long slowest = thereAndBack(service, clients, ends, 2); // What the first one loads and opens, it keeps.
                FdLeakCheck leaks = FdLeakCheck.of(parent);
                for (int next = 3; next <= 1 + trials; next++) {
                    slowest = Math.max(slowest, thereAndBack(service, clients, ends, next));
                }
                leaks.assertNone(SOON);
                System.out.printf(
                        "%d restarts, each undone, in %,d ms: %d connections kept, at most %,d ms from undo to the answers of all%n",
                        trials,
                        Duration.ofNanos(System.nanoTime() - begun).toMillis(),
                        clients.size(),
                        Duration.ofNanos(slowest).toMillis());
            } finally {
                for (StrictConnection client : clients) {
                    client.close();
                }
            }
        }
    }

    private static List<StrictConnection> connect(RunningService service) throws Exception {
        List<StrictConnection> clients = new ArrayList<>();
        for (Transport transport : Transport.values()) {
            for (int i = 0; i < EACH; i++) {
                clients.add(transport.open(service));
            }
        }
        ask(clients, 1);
        return clients;
    }

    private static long thereAndBack(RunningService service, List<StrictConnection> clients, ServerEnds ends, int next)
            throws Exception {
        RestartResult restarted = service.control().restart(_ -> {});
        assertThat(restarted).isInstanceOf(RestartResult.Switched.class);
        assertThat(((RestartResult.Switched) restarted).generation()).isEqualTo(next);
        ends.awaitGone(service.child().pid());
        ask(clients, next);
        long undone = System.nanoTime();
        BatonControl successor = service.control();
        assertThat(successor.undo())
                .isEqualTo(new UndoResult.Undone(1, service.child().pid()));
        service.awaitEnd(next);
        ask(clients, 1);
        return System.nanoTime() - undone;
    }

    /** Asks on every connection, and the generation must be the one that answers. */
    private static void ask(List<StrictConnection> clients, int generation) throws Exception {
        Request request = RunningService.request("/hello");
        for (StrictConnection client : clients) {
            client.send(request);
        }
        for (StrictConnection client : clients) {
            Outcome outcome = client.receive(request, SOON);
            assertThat(outcome).isInstanceOf(Answer.class);
            assertThat(((Answer) outcome).generation()).hasValue(generation);
            assertThat(((Answer) outcome).announcesClose()).isFalse();
        }
    }
}
