package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Await;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Guarantee 2 for HTTP/2: a client that keeps to the protocol loses no stream in a restart, and need not repeat any. */
class Http2RestartTest {
    private static final int RESTARTS = 5;
    private static final int CLIENTS = 8;

    @TempDir
    private Path directory;

    @Test
    void fiveRestartsLoseAndRefuseNoStream() throws Exception {
        try (RunningService service = RunningService.start(directory, List.of());
                Http2Load load = new Http2Load(service.address(), CLIENTS)) {
            for (int next = 2; next <= 1 + RESTARTS; next++) {
                awaitAnswers(load, 1_000);
                service.restart(next);
            }
            awaitAnswers(load, 1_000);
            load.stop();
            System.out.println("HTTP/2 in " + RESTARTS + " restarts: " + load);

            assertThat(load.lost).as("%s", load).hasValue(0);
            assertThat(load.refused).as("%s", load).hasValue(0);
            assertThat(load.connections.get()).as("%s", load).isGreaterThanOrEqualTo(CLIENTS * (1 + RESTARTS));
        }
    }

    private static void awaitAnswers(Http2Load load, int more) throws Exception {
        int goal = load.answered.get() + more;
        Await.state(more + " more answers; so far " + load, SOON, () -> load.answered.get() >= goal);
    }
}
