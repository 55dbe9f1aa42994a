package dev.baton.system;

import static dev.baton.system.UnmodifiedProgram.program;
import static dev.baton.system.UnmodifiedServer.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.RestartResult;
import dev.baton.UndoResult;
import dev.baton.testkit.Load;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.RunningLoad;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program that listens on a path, which it removes before it binds and when it ends. */
class AgentUnixTest {
    private static final int TERMINATED = 143;

    @TempDir
    private Path directory;

    private Path path(UnmodifiedServer service) {
        return directory.resolve(service.address().getPort() + ".socket");
    }

    private UnmodifiedServer start(String undoWindow) throws Exception {
        return UnmodifiedServer.start(directory, program("SocketProgram", "path"), "undo-window=" + undoWindow);
    }

    private RunningLoad load(UnmodifiedServer service) throws Exception {
        return Load.of(UnixDomainSocketAddress.of(path(service)), UnmodifiedServer.request("/"))
                .mode(LoadMode.newConnections())
                .connections(8)
                .start();
    }

    private static void assertNoneFailed(LoadReport report, int generations) {
        assertThat(report.failed()).as("%s", report.failureSamples()).isZero();
        assertThat(report.generations()).as("every generation answered").hasSize(generations);
    }

    @Test
    void noConnectionIsRefusedAndThePathIsTheSameFileUntilTheServiceEnds() throws Exception {
        try (UnmodifiedServer service = start("0")) {
            Path path = path(service);
            PathWatch.Report seen;
            try (PathWatch watch = new PathWatch(path);
                    RunningLoad load = load(service)) {
                for (int i = 0; i < 2; i++) {
                    load.awaitAnswers(200, SOON);
                    service.restart();
                    service.awaitOthersGone();
                }
                load.awaitAnswers(200, SOON);
                seen = watch.stop();
                assertNoneFailed(load.stop(), 3);
            }
            assertThat(seen.missing()).isZero();
            assertThat(seen.inodes()).hasSize(1);
            String name = "at " + path.getFileName();
            assertThat(service.child().lines())
                    .filteredOn(line -> line.text().equals(name))
                    .as("each sees the address that it has bound")
                    .hasSize(3);
            assertThat(service.control().stop()).isNotNull();
            service.child().awaitAllGone(SOON);
            assertThat(path).as("who ends without a successor removes it").doesNotExist();
        }
    }

    @Test
    void afterAFailureAndAnUndoThePathIsTheFirstProcesssStill() throws Exception {
        try (UnmodifiedServer service = start("60s")) {
            Path path = path(service);
            try (PathWatch watch = new PathWatch(path);
                    RunningLoad load = load(service)) {
                load.awaitAnswers(200, SOON);
                service.breakRelease();
                assertThat(service.control().restart(_ -> {})).isInstanceOf(RestartResult.Failed.class);
                Files.delete(directory.resolve("broken"));
                service.restart();
                load.awaitAnswers(200, SOON);
                assertThat(service.control().undo()).isInstanceOf(UndoResult.Undone.class);
                service.awaitOthersGone();
                load.awaitAnswers(200, SOON);
                assertThat(watch.stop().missing()).isZero();
                assertNoneFailed(load.stop(), 2);
            }
            service.child().signal("TERM");
            assertThat(service.child().awaitExit(SOON)).isEqualTo(TERMINATED);
            assertThat(path).doesNotExist();
        }
    }
}
