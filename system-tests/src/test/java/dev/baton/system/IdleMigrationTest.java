package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.system.PersistentClients.Tally;
import dev.baton.testkit.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Guarantee 5 for very many connections at once. */
class IdleMigrationTest {
    private static final int CONNECTIONS = 10_000;

    /** What a JVM needs besides, and what is on its way between two of them. */
    private static final int OTHER_DESCRIPTORS = 1_000;

    @TempDir
    private Path directory;

    @Test
    void tenThousandIdleConnectionsAreTheNewProcessesAndNoneIsClosed() throws Exception {
        assumeTrue(
                descriptorLimit() >= CONNECTIONS + OTHER_DESCRIPTORS,
                "the hard limit of open files (ulimit -Hn) is " + descriptorLimit() + ", and "
                        + (CONNECTIONS + OTHER_DESCRIPTORS) + " are needed");
        Request request = RunningService.request("/hello");
        try (RunningService service = RunningService.start(directory, List.of());
                PersistentClients clients = PersistentClients.connect(service.address(), CONNECTIONS)) {
            Tally before = clients.ask(request);
            assertThat(before.answers()).as("%s", before).hasSize(1).containsEntry(1, CONNECTIONS);

            service.hup();
            service.child().awaitLine("2 ready", RunningService.SOON);
            long ready = System.nanoTime();
            service.awaitEnd(1);
            Duration toEnd = Duration.ofNanos(System.nanoTime() - ready);
            Tally after = clients.ask(request);

            System.out.printf(
                    "%,d idle connections: after the restart %s, %,d alive; from ready to the end of the old process %,d ms%n",
                    CONNECTIONS, after, clients.alive(), toEnd.toMillis());
            assertThat(after.answers()).as("%s", after).hasSize(1).containsEntry(2, CONNECTIONS);
            assertThat(clients.alive()).isEqualTo(CONNECTIONS);
        }
    }

    /** The hard limit, to which every JVM raises its own ({@code -XX:+MaxFDLimit} is the default). */
    private static long descriptorLimit() throws IOException {
        String line = Files.readAllLines(Path.of("/proc/self/limits")).stream()
                .filter(each -> each.startsWith("Max open files"))
                .findFirst()
                .orElseThrow();
        String hard = line.split("\\s+", -1)[4];
        return hard.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(hard);
    }
}
