package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.system.OperatedService.Said;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.OutputLine;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator sees of list, status, restart, undo and stop. */
class OperatorCommandsTest {
    @TempDir
    private Path directory;

    @Test
    void aServiceIsRestartedUndoneWatchedAndStopped() throws Exception {
        try (OperatedService service = OperatedService.start(directory, "60s");
                ChildJvm watch =
                        OperatedService.command(directory, "status", "--watch").start()) {
            long first = service.child().pid();
            watch.awaitLine("shop: generation 1 (pid " + first + ") SERVING", OperatedService.SOON);

            Said restarted = service.run("restart", "shop");
            assertThat(restarted.status()).as(restarted.text()).isZero();
            assertThat(restarted.lines().getFirst()).isEqualTo("restarting shop (pid " + first + "), generation 1");
            assertThat(restarted.lines())
                    .extracting(line -> line.replaceFirst("^ *[\\d.]+s  ", "").replaceFirst("\\(pid \\d+\\) ?", ""))
                    .containsSubsequence(
                            "generation 2 starts",
                            "generation 2 has its listeners",
                            "generation 2 is ready",
                            "generation 2 accepts",
                            "switched to generation 2 ");
            long second = OperatedService.pid(restarted.lines().getLast());
            watch.awaitLine("shop: generation 2 (pid " + second + ") SERVING, undo possible", OperatedService.SOON);

            Said list = service.run("list");
            assertThat(list.lines()).hasSize(3);
            assertThat(list.text()).contains("PARKED", "SERVING", service.jar().toString());

            Said undone = service.run("undo", Long.toString(second));
            assertThat(undone.text()).isEqualTo("undone: generation 1 (pid " + first + ") serves again");
            assertThat(undone.status()).isZero();
            assertThat(service.run("undo").status()).isEqualTo(1);

            Said stopped = service.run("stop", "--wait");
            assertThat(stopped.status()).isZero();
            assertThat(service.child().isAlive()).isFalse();
            watch.awaitLine("shop has ended", OperatedService.SOON);
            assertThat(watch.awaitExit(OperatedService.SOON)).isZero();
        }
    }

    @Test
    void aFailedRestartExitsWith1AndSaysWhatTheSuccessorSaid() throws Exception {
        try (OperatedService service = OperatedService.start(directory, "0")) {
            service.breakConfiguration();
            Said failed = service.run("restart");
            assertThat(failed.status()).isEqualTo(1);
            assertThat(failed.text())
                    .contains(
                            "restart failed: the successor ended with exit status 2",
                            "serves on",
                            "Unknown option: '--frob'");
            Said json = service.run("restart", "--json");
            assertThat(json.status()).isEqualTo(1);
            assertThat(json.text()).contains("\"result\": \"failed\"", "\"cause\": \"EXITED\"");
            assertThat(service.child().isAlive()).isTrue();
        }
    }

    @Test
    void whoIsNotThereIsNamedInOneLineWithStatus4() throws Exception {
        assertOneLine(4, "baton status: there is no service that is called shop in ", "status", "shop");
        assertOneLine(4, "baton undo: there is no service in ", "undo");
        long dead = ended();
        assertOneLine(4, "baton restart: there is no process " + dead, "restart", Long.toString(dead));
        assertOneLine(
                4,
                "baton stop: no control socket at ",
                "stop",
                Long.toString(ProcessHandle.current().pid()));
        assertOneLine(5, "baton list: / must be a directory", "list", "--run-dir", "/");
        assertThat(OperatedService.run(OperatedService.command(directory, "list", "--json")))
                .isEqualTo(new Said(0, List.of("[]")));
    }

    @Test
    void aClosedStandardOutputIsNoFailure() throws Exception {
        try (ChildJvm child = OperatedService.command(directory, "list", "--json")
                .startedBy("sh", "-c", "exec \"$@\" >&-", "sh")
                .start()) {
            assertThat(child.awaitExit(OperatedService.SOON)).isZero();
            assertThat(child.awaitAllOutput(OperatedService.SOON))
                    .extracting(OutputLine::text)
                    .isEmpty();
        }
    }

    private void assertOneLine(int status, String start, String... arguments) throws Exception {
        Said said = OperatedService.run(OperatedService.command(directory, arguments));
        assertThat(said.lines()).singleElement().asString().startsWith(start);
        assertThat(said.status()).isEqualTo(status);
    }

    /** The pid of a process that is no more. */
    private static long ended() throws Exception {
        Process process = new ProcessBuilder("true").start();
        process.waitFor();
        return process.pid();
    }
}
