package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.system.OperatedService.Said;
import dev.baton.testkit.Answer;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code baton restart --wait}: what has happened when the command ends, and what has not. */
class RestartWaitTest {
    @TempDir
    private Path directory;

    @Test
    void aRestartWaitsForWhatItWasToldTo() throws Exception {
        Path gate = directory.resolve("gate");
        try (RunningService service = RunningService.start(directory, List.of("BATON_UNDO_WINDOW", "60s"))) {
            service.script("when " + gate);
            try (ChildJvm restart = OperatedService.command(directory, "restart", "--wait=ready")
                    .start()) {
                service.child().awaitLine("2 waits", OperatedService.SOON);
                restart.awaitLine("has its listeners", OperatedService.SOON);
                assertThat(restart.isAlive()).as("the new process is not ready").isTrue();
                Files.createFile(gate);
                Said ready = OperatedService.end(restart);
                assertThat(ready.lines().getLast()).matches(" +[\\d.]+s  generation 2 \\(pid \\d+\\) is ready");
                assertThat(ready.status()).isZero();
            }
            service.awaitSwitch(2); // The restart goes on without the command.

            long second = service.pid(2);
            Said switched = OperatedService.run(OperatedService.command(directory, "restart", "--wait=switch"));
            assertThat(switched.lines().getLast()).contains("switched to generation 3 (pid ");
            assertThat(switched.status()).isZero();
            Said old = OperatedService.run(OperatedService.command(directory, "status", Long.toString(second)));
            assertThat(old.lines().getFirst())
                    .as("it has stopped accepting, and waits")
                    .contains(", PARKED for ");
        }
    }

    @Test
    void aRestartThatWaitsForTheDrainWaitsForTheLastResponse() throws Exception {
        Path gate = directory.resolve("gate");
        try (RunningService service = RunningService.start(directory, List.of())) {
            Request request = RunningService.request("/when?" + gate);
            try (StrictConnection client = StrictConnection.open(service.address());
                    ChildJvm restart = start(client, request, service)) {
                long first = service.publishedPid();
                restart.awaitLine("switched to generation 2", OperatedService.SOON);
                service.awaitSwitch(2);
                assertThat(restart.isAlive())
                        .as("the old process answers still")
                        .isTrue();
                Files.createFile(gate);
                Said drained = OperatedService.end(restart);
                assertThat(drained.lines().getLast()).isEqualTo("generation 1 has ended");
                assertThat(drained.status()).isZero();
                assertThat(first).isNotEqualTo(service.publishedPid());
                assertThat(client.receive(request, OperatedService.SOON)).isInstanceOf(Answer.class);
            }
        }
    }

    private ChildJvm start(StrictConnection client, Request request, RunningService service) throws Exception {
        client.send(request);
        service.child().awaitLine("1 handles /when", OperatedService.SOON);
        return OperatedService.command(directory, "restart", "--wait=drained").start();
    }
}
