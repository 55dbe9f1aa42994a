package dev.baton.system;

import static dev.baton.system.Supervised.SOON;
import static dev.baton.system.Supervised.run;
import static dev.baton.system.UnmodifiedProgram.program;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Answer;
import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.FailureKind;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.RunningLoad;
import dev.baton.testkit.Signals;
import dev.baton.testkit.StrictConnection;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program that knows nothing of Baton crashes, and its clients wait for its next life. */
class RunAgentTest {
    @TempDir
    private Path directory;

    @Test
    void whoComesWhileAnUnmodifiedProgramIsDeadIsAnsweredByItsNextLife() throws Exception {
        int port = UnmodifiedServer.freePort();
        try (ChildJvm child = run(directory, "--")
                .arguments(Supervised.java(
                        program("HttpServerProgram").classPath(), "dev.baton.unmodified.HttpServerProgram"))
                .arguments(Integer.toString(port))
                .start()) {
            child.awaitLine("generation 1 (pid", SOON);
            try (RunningLoad load = Supervised.load(port)
                    .mode(LoadMode.newConnections(Duration.ofMillis(40)))
                    .connections(8)
                    .start()) {
                for (int i = 0; i < 3; i++) {
                    load.awaitAnswers(50, SOON);
                    int mark = child.mark();
                    long dead = child.processes().stream()
                            .filter(pid -> pid != child.pid())
                            .findFirst()
                            .orElseThrow();
                    Signals.send(dead, "KILL");
                    Await.state("it is dead", SOON, () -> !ProcFs.running(dead));
                    try (StrictConnection client = StrictConnection.open(Supervised.at(port))) {
                        client.send(Supervised.request("/"));
                        assertThat(client.receive(Supervised.request("/"), SOON))
                                .isInstanceOf(Answer.class);
                    }
                    child.awaitLineAfter(mark, "it serves again", line -> line.contains("serves again"), SOON);
                }
                load.awaitAnswers(50, SOON);
                LoadReport report = load.stop();
                System.out.println("baton run with the agent, three crashes: " + report);
                assertThat(report.failures(FailureKind.REFUSED))
                        .as("%s", report)
                        .isZero();
                assertThat(report.failed()).as("%s", report).isLessThanOrEqualTo(3 * 8);
            }
            child.signal("HUP");
            child.awaitLine("switched to generation 2", SOON);
            child.signal("TERM");
            assertThat(child.awaitExit(SOON)).isEqualTo(143);
            assertThat(child.lines()).extracting(OutputLine::text).noneMatch(line -> line.contains("WARN"));
        }
    }
}
