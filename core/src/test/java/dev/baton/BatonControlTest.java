package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.ControlException.Problem;
import dev.baton.posix.Descriptors;
import dev.baton.posix.ProcessContext;
import dev.baton.posix.Sockets;
import dev.baton.testkit.ChildJvm;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Operators' requests to services in processes of their own. */
class BatonControlTest {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String NOBODY = "65534";

    @TempDir
    private Path directory;

    private Path run;
    private Path script;

    @BeforeEach
    void prepare() throws Exception {
        run = directory.resolve("run");
        script = directory.resolve("script");
        ScriptedService.script(script, "serve");
    }

    private ChildJvm start(String... environment) throws Exception {
        ChildJvm child = builder(environment).start();
        child.awaitLine("1 ready", SOON);
        return child;
    }

    private ChildJvm.Builder builder(String... environment) {
        ChildJvm.Builder builder = ChildJvm.of(ScriptedService.class)
                .jvmOptions("-Xshare:auto", "-XX:TieredStopAtLevel=1")
                .environment("BATON_RUN_DIR", run.toString())
                .environment("BATON_NAME", "shop")
                .arguments(script.toString(), "127.0.0.1:0");
        for (int i = 0; i < environment.length; i += 2) {
            builder.environment(environment[i], environment[i + 1]);
        }
        return builder;
    }

    private BatonControl control(long pid) {
        return BatonControl.of(pid, run).withTimeout(SOON);
    }

    private static void expect(Problem problem, String message, ThrowingRequest request) {
        assertThatThrownBy(request::run)
                .isInstanceOfSatisfying(
                        ControlException.class, e -> assertThat(e.problem()).isEqualTo(problem))
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    private interface ThrowingRequest {
        void run() throws Exception;
    }

    @Test
    void theStatusOfAFirstGeneration() throws Exception {
        try (ChildJvm child = start()) {
            GenerationStatus status = control(child.pid()).status();
            assertThat(status.name()).isEqualTo("shop");
            assertThat(status.generation()).isEqualTo(1);
            assertThat(status.pid()).isEqualTo(child.pid());
            assertThat(status.state()).isEqualTo(State.SERVING);
            assertThat(status.age()).isGreaterThanOrEqualTo(status.inState()).isLessThan(SOON);
            assertThat(status.release()).isEqualTo(Protocol.release());
            assertThat(status.listeners()).containsExactly("127.0.0.1:0");
            assertThat(status.undoable()).isEmpty();
            assertThat(status.servedBy()).isEmpty();
            assertThat(status.draining()).isEmpty();
            assertThat(status.restarts()).isZero();
            assertThat(status.warnings()).isEmpty();
            assertThat(BatonControl.list(run))
                    .singleElement()
                    .extracting(BatonControl::pid)
                    .isEqualTo(OptionalLong.of(child.pid()));
        }
        assertThat(BatonControl.list(run)).isEmpty();
    }

    @Test
    void whatAnOperatorShouldKnowIsInTheStatus() throws Exception {
        try (ChildJvm child = builder()
                .startedBy("sh", "-c", "trap '' HUP; exec \"$@\"", "sh")
                .start()) {
            child.awaitLine("1 ready", SOON);
            GenerationStatus status = control(child.pid()).status();
            assertThat(status.warnings()).singleElement().asString().contains("SIGHUP was ignored");
        }
    }

    @Test
    void whatOperatorsSeeOfARestartItsUndoAndTheStop() throws Exception {
        try (ChildJvm child = start("BATON_UNDO_WINDOW", "5m")) {
            BatonControl old = control(child.pid());
            List<RestartStep> steps = new ArrayList<>();
            RestartResult result = old.restart(steps::add);
            assertThat(steps).extracting(RestartStep::kind).containsExactly(RestartStep.Kind.values());
            assertThat(steps).extracting(RestartStep::generation).containsOnly(2);
            assertThat(steps).extracting(RestartStep::elapsed).isSorted();
            assertThat(result).isInstanceOfSatisfying(RestartResult.Switched.class, switched -> {
                assertThat(switched.generation()).isEqualTo(2);
                assertThat(steps).extracting(RestartStep::pid).containsOnly(switched.pid());
                assertThat(switched.toReady()).isLessThanOrEqualTo(steps.get(2).elapsed());
            });
            long pid = steps.getFirst().pid();
            child.awaitLine("2 ready", SOON);
            BatonControl young = control(pid);

            GenerationStatus parked = old.status();
            assertThat(parked.state()).isEqualTo(State.PARKED);
            assertThat(parked.servedBy()).hasValue(pid);
            assertThat(parked.undoable())
                    .hasValueSatisfying(
                            left -> assertThat(left).isBetween(Duration.ofMinutes(4), Duration.ofMinutes(5)));
            GenerationStatus serving = young.status();
            assertThat(serving.state()).isEqualTo(State.SERVING);
            assertThat(serving.servedBy()).isEmpty();
            assertThat(serving.undoable()).isPresent();
            assertThat(serving.restarts()).isEqualTo(1);
            assertThat(serving.draining()).singleElement().satisfies(draining -> {
                assertThat(draining.generation()).isEqualTo(1);
                assertThat(draining.pid()).isEqualTo(child.pid());
                assertThat(draining.drains()).isBetween(Duration.ZERO, SOON);
            });
            assertThat(BatonControl.list(run)).hasSize(2);

            // The parked one says who serves, and does nothing.
            assertThat(old.restart(_ -> {}))
                    .isEqualTo(new RestartResult.NotServing(State.PARKED, OptionalLong.of(pid)));
            assertThat(old.stop()).isEqualTo(new StopResult.NotServing(State.PARKED, OptionalLong.of(pid)));

            assertThat(young.undo()).isEqualTo(new UndoResult.Undone(1, child.pid()));
            assertThat(old.undo()).isEqualTo(new UndoResult.NothingToUndo());
            assertThat(old.status().state()).isEqualTo(State.SERVING);
            assertThat(old.status().restarts()).isEqualTo(1);
            assertThat(old.stop()).isEqualTo(new StopResult.Stopping());
            assertThat(child.awaitExit(SOON)).isZero();
        }
    }

    @Test
    void aRestartThatFailsSaysWhy() throws Exception {
        try (ChildJvm child = start()) {
            ScriptedService.script(script, "exit 3");
            List<RestartStep.Kind> steps = new ArrayList<>();
            assertThat(control(child.pid()).restart(step -> steps.add(step.kind())))
                    .isInstanceOfSatisfying(RestartResult.Failed.class, failed -> {
                        assertThat(failed.cause()).isEqualTo(RestartResult.Cause.EXITED);
                        assertThat(failed.detail()).contains("exit status 3");
                    });
            assertThat(steps).containsExactly(RestartStep.Kind.STARTED, RestartStep.Kind.CONNECTED);
        }
    }

    @Test
    void aRestartDuringARestartIsRefusedAndOneWithoutAnAudienceGoesOn() throws Exception {
        try (ChildJvm child = start()) {
            Path gate = directory.resolve("gate");
            ScriptedService.script(script, "wait " + gate);
            int audience = request(child, Frame.Type.ASK_RESTART);
            child.awaitLine("2 waits", SOON);
            assertThat(control(child.pid()).restart(_ -> {})).isEqualTo(new RestartResult.AlreadyInProgress());
            assertThat(control(child.pid()).status().state()).isEqualTo(State.UPGRADING);
            Descriptors.close(audience);
            Files.createFile(gate);
            child.awaitLine("2 ready", SOON);
            assertThat(child.awaitExit(SOON)).isZero();
        }
    }

    private int request(ChildJvm child, Frame.Type type) throws IOException {
        int socket = Sockets.unix(Sockets.Type.SEQPACKET);
        Sockets.connect(socket, UnixDomainSocketAddress.of(run.resolve(ControlSocket.name(child.pid()))));
        byte[] frame = Frame.of(type)
                .with(Frame.Tag.MIN_VERSION, 1)
                .with(Frame.Tag.MAX_VERSION, 1)
                .encode();
        dev.baton.posix.Messages.send(socket, frame, new int[0], true);
        return socket;
    }

    @Test
    void tooManyGenerationsAreNamed() throws Exception {
        ScriptedService.script(script, "never-drains");
        try (ChildJvm child = start("BATON_MAX_GENERATIONS", "1", "BATON_DRAIN_TIMEOUT", "0")) {
            assertThat(control(child.pid()).restart(_ -> {}))
                    .isInstanceOfSatisfying(
                            RestartResult.Switched.class,
                            switched -> expectTooMany(control(switched.pid()), child.pid()));
        }
    }

    private static void expectTooMany(BatonControl young, long oldest) {
        try {
            assertThat(young.restart(_ -> {}))
                    .isInstanceOfSatisfying(RestartResult.TooManyGenerations.class, refusal -> {
                        assertThat(refusal.generation()).isEqualTo(1);
                        assertThat(refusal.pid()).isEqualTo(oldest);
                    });
        } catch (ControlException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aServiceWhoseOwnerIsBusySaysSo() throws Exception {
        Path gate = directory.resolve("gate");
        try (ChildJvm child = ChildJvm.of(BusyService.class)
                .environment("BATON_RUN_DIR", run.toString())
                .arguments(gate.toString())
                .start()) {
            child.awaitLine("ready", SOON);
            CompletableFuture<RestartResult> restart = new CompletableFuture<>();
            Thread.ofVirtual().start(() -> {
                try {
                    restart.complete(control(child.pid()).restart(_ -> {}));
                } catch (ControlException e) {
                    restart.completeExceptionally(e);
                }
            });
            child.awaitLine("parks", SOON);
            expect(Problem.NO_ANSWER, "is busy", control(child.pid())::status);
            Files.createFile(gate);
            assertThat(restart.get()).isInstanceOf(RestartResult.Switched.class);
        }
    }

    /** Holds its owner when it parks. */
    static final class BusyService {
        private BusyService() {}

        public static void main(String[] arguments) throws Exception {
            try (Baton baton = Baton.start()) {
                baton.join(new Participant() {
                    @Override
                    public CompletableFuture<Void> resume() {
                        return CompletableFuture.completedFuture(null);
                    }

                    @Override
                    public CompletableFuture<Void> park() {
                        System.out.println("parks");
                        try {
                            dev.baton.testkit.Await.state("the gate", SOON, () -> Files.exists(Path.of(arguments[0])));
                        } catch (Exception e) {
                            throw new AssertionError(e);
                        }
                        return resume();
                    }

                    @Override
                    public void release() {
                        // Nothing is held.
                    }

                    @Override
                    public CompletableFuture<Void> drain(DrainReason reason) {
                        return resume();
                    }

                    @Override
                    public int close() {
                        return 0;
                    }
                });
                baton.ready();
                System.out.println("ready");
                baton.awaitExit();
            }
        }
    }

    @Test
    void whoIsNotThereOrDoesNotAnswerIsSaidInOneLine() throws Exception {
        try (ChildJvm child = start()) {
            BatonControl control = control(child.pid());
            child.signal("STOP");
            expect(
                    Problem.NO_ANSWER,
                    "process " + child.pid() + " does not answer",
                    () -> control.withTimeout(Duration.ofMillis(200)).status());
            assertThat(BatonControl.list(run)).as("frozen, not dead").hasSize(1);
            child.signal("KILL");
            child.awaitExit(SOON);
            expect(Problem.DEAD_SOCKET, "its process is dead", control::status);
            assertThat(BatonControl.list(run)).isEmpty();
            Files.delete(control.socket());
            expect(Problem.NO_SUCH_PROCESS, "there is no process " + child.pid(), control::stop);
        }
        expect(
                Problem.NO_SOCKET,
                "no control socket at",
                control(ProcessHandle.current().pid())::undo);
        expect(Problem.NO_SOCKET, "shorter than 108 bytes", BatonControl.at(Path.of("/" + "x".repeat(120)))::status);
        Path stream = directory.resolve("stream");
        int socket = Sockets.unix(Sockets.Type.STREAM);
        Sockets.bind(socket, UnixDomainSocketAddress.of(stream));
        Sockets.listen(socket, 1);
        expect(Problem.NOT_UNDERSTOOD, "is not a control socket", BatonControl.at(stream)::status);
        Descriptors.close(socket);
    }

    @Test
    void aSocketThatAKilledGenerationHasLeftIsRemovedByTheNextStart() throws Exception {
        Path left;
        try (ChildJvm killed = start()) {
            left = control(killed.pid()).socket();
            killed.signal("KILL");
            killed.awaitExit(SOON);
        }
        assertThat(left).exists();
        try (ChildJvm child = start()) {
            assertThat(left).doesNotExist();
            assertThat(control(child.pid()).socket()).exists();
        }
    }

    @Test
    void anotherUsersServiceIsNoneOfOurs() throws Exception {
        assumeTrue(ProcessContext.effectiveUserId() == 0, "only root can start a process of another user");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "setpriv(1) is needed");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        try (ChildJvm child = builder()
                .startedBy("/usr/bin/setpriv", "--reuid=" + NOBODY, "--clear-groups")
                .directory(Path.of("/"))
                .start()) {
            child.awaitLine("1 ready", SOON);
            expect(Problem.NO_PERMISSION, "belongs to user " + NOBODY, control(child.pid())::status);
            assertThatThrownBy(() -> BatonControl.list(run)).hasMessageContaining("must be a directory");
        }
        run = directory.resolve("other");
        try (ChildJvm child = start();
                ChildJvm client = ChildJvm.of(Client.class)
                        .startedBy("/usr/bin/setpriv", "--reuid=" + NOBODY, "--clear-groups")
                        .directory(Path.of("/"))
                        .arguments(control(child.pid()).socket().toString())
                        .start()) {
            client.awaitLine("NO_PERMISSION", SOON);
        }
    }

    /** Prints what is wrong. */
    static final class Client {
        private Client() {}

        public static void main(String[] arguments) throws Exception {
            try {
                System.out.println(BatonControl.at(Path.of(arguments[0])).status());
            } catch (ControlException e) {
                System.out.println(e.problem());
            }
        }
    }
}
