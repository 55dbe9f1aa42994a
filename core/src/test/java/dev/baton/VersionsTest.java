package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Messages;
import dev.baton.posix.Sockets;
import dev.baton.testkit.ChildJvm;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Generations and operators of other releases. */
class VersionsTest {
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1, 1, 1",
        "1, 1, 2, 3, 0",
        "1, 1, 0, 3, 1",
        "1, 1, 0, 0, 0",
        "2, 4, 1, 3, 3",
        "2, 4, 3, 9, 4",
        "2, 4, 4, 3, 0",
        "2, 4, 3, 2, 0",
        "1, 1, 0, -1, 1",
        "1, 1, -1, 1, 0",
        "1, 1, -1, -1, 0"
    })
    void theNewestOfBothIsSpokenOrNone(int min, int max, int peerMin, int peerMax, int expected) {
        assertThat(Protocol.newestOfBoth(min, max, peerMin, peerMax).orElse(0)).isEqualTo(expected);
    }

    @Test
    void theReasonNamesBothRangesAndWhatToDo() {
        assertThatThrownBy(() -> Protocol.negotiate(2, -1))
                .isInstanceOf(ProtocolException.class)
                .hasMessage("it speaks the handoff protocol in versions 2 to 4294967295, this one in 1 to 1;"
                        + " stop the service and start the new release");
    }

    @ParameterizedTest
    @CsvSource({
        "2 3, HANDOFF_BROKEN, versions 2 to 3",
        "3 1, HANDOFF_BROKEN, versions 3 to 1",
        "4294967295 1, HANDOFF_BROKEN, versions 4294967295 to 1",
        "1, HANDOFF_BROKEN, HELLO lacks MAX_VERSION",
        "'', HANDOFF_BROKEN, HELLO lacks MIN_VERSION",
        "no-token, EXITED, exit status 5"
    })
    void aSuccessorThatCannotBeUnderstoodFailsAndTheNextRestartWorks(
            String hello, RestartResult.Cause cause, String detail) throws Exception {
        Path script = directory.resolve("script");
        Path run = directory.resolve("run");
        try (ChildJvm child = ChildJvm.of(Stranger.class)
                .environment("BATON_RUN_DIR", run.toString())
                .arguments(script.toString())
                .start()) {
            child.awaitLine("serves", SOON);
            BatonControl control = BatonControl.of(child.pid(), run).withTimeout(SOON);
            ScriptedService.script(script, hello);
            assertThat(control.restart(_ -> {})).isInstanceOfSatisfying(RestartResult.Failed.class, failed -> {
                assertThat(failed.cause()).isEqualTo(cause);
                assertThat(failed.detail()).contains(detail);
            });
            assertThat(control.status().state()).isEqualTo(State.SERVING);
            ScriptedService.script(script, "1 4294967295");
            assertThat(control.restart(_ -> {})).isInstanceOf(RestartResult.Failed.class);
            child.awaitLine("successor got WELCOME in version 1", SOON);
        }
    }

    /** A service whose successors say only HELLO, with the versions that stand in a file, and print the answer. */
    static final class Stranger {
        private Stranger() {}

        public static void main(String[] arguments) throws Exception {
            Optional<HandoffVariables> handoff = InitialEnvironment.handoff();
            if (handoff.isEmpty()) {
                try (Baton baton = Baton.start()) {
                    baton.ready();
                    System.out.println("serves");
                    baton.awaitExit();
                }
                return;
            }
            String[] versions = Files.readString(Path.of(arguments[0])).strip().split(" ", 0);
            try (FrameChannel channel = FrameChannel.connect(handoff.get().socket())) {
                channel.send(hello(versions, handoff.get().token()));
                Frame answer = channel.receive();
                if (answer == null) {
                    System.exit(5);
                } else if (answer.type() == Frame.Type.WELCOME) {
                    System.out.println("successor got WELCOME in version " + answer.number(Frame.Tag.VERSION));
                    System.exit(0);
                }
                new CompletableFuture<>().join(); // The parent ends it.
            }
        }

        private static Frame hello(String[] versions, String token) {
            Frame hello = Frame.of(Frame.Type.HELLO);
            if (versions[0].equals("no-token")) {
                return hello;
            }
            hello.with(Frame.Tag.TOKEN, token);
            if (!versions[0].isEmpty()) {
                hello.with(Frame.Tag.MIN_VERSION, Integer.parseUnsignedInt(versions[0]));
            }
            if (versions.length > 1) {
                hello.with(Frame.Tag.MAX_VERSION, Integer.parseUnsignedInt(versions[1]));
            }
            return hello;
        }
    }

    private interface FakeGeneration {
        void answer(int socket) throws IOException;
    }

    /** What a client throws at a generation that answers its request like this, and hangs up. */
    private ControlException problemWith(FakeGeneration generation) throws Exception {
        Path path = directory.resolve("generation.sock");
        int listener = Sockets.unix(Sockets.Type.SEQPACKET);
        Sockets.bind(listener, UnixDomainSocketAddress.of(path));
        Sockets.listen(listener, 1);
        Thread thread = Thread.ofPlatform().start(() -> {
            try {
                int socket = Sockets.accept(listener);
                var _ = Messages.receive(socket, Frame.MAX_BYTES);
                generation.answer(socket);
                Descriptors.close(socket);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        try {
            BatonControl.at(path).withTimeout(SOON).status();
            throw new AssertionError("answered");
        } catch (ControlException e) {
            return e;
        } finally {
            thread.join();
            Descriptors.close(listener);
            Files.delete(path);
        }
    }

    @Test
    void anOperatorLearnsThatAGenerationSpeaksOtherVersions() throws Exception {
        ControlException e = problemWith(socket -> send(
                socket,
                Frame.of(Frame.Type.OTHER_VERSION)
                        .with(Frame.Tag.MIN_VERSION, 7)
                        .with(Frame.Tag.MAX_VERSION, 9)
                        .with(Frame.Tag.RELEASE, "9.0")
                        .encode()));
        assertThat(e.problem()).isEqualTo(ControlException.Problem.OTHER_VERSION);
        assertThat(e)
                .hasMessageEndingWith(
                        "runs release 9.0 of Baton, which speaks versions 7 to 9 of the requests; this one speaks 1 to 1");
    }

    @Test
    void anOperatorLearnsWhatElseAGenerationMayDo() throws Exception {
        assertThat(problemWith(_ -> {}).problem()).isEqualTo(ControlException.Problem.HUNG_UP);
        assertThat(problemWith(socket -> send(socket, new byte[] {0, 1, 2})).problem())
                .isEqualTo(ControlException.Problem.NOT_UNDERSTOOD);
        assertThat(problemWith(socket -> send(socket, Frame.of(Frame.Type.READY).encode())))
                .hasMessageContaining("STATUS expected, READY came");
        assertThat(problemWith(socket -> send(
                        socket,
                        Frame.of(Frame.Type.REFUSED)
                                .with(Frame.Tag.REASON, "unknown frame 45")
                                .encode())))
                .hasMessageContaining("refuses: unknown frame 45");
    }

    private static void send(int socket, byte[] message) throws IOException {
        Messages.send(socket, message, new int[0], true);
    }

    @Test
    void aGenerationTellsAnOperatorWhichVersionsItSpeaks() throws Exception {
        Path run = directory.resolve("run");
        try (ChildJvm child = ChildJvm.of(Stranger.class)
                .environment("BATON_RUN_DIR", run.toString())
                .arguments("none")
                .start()) {
            child.awaitLine("serves", SOON);
            Path socket = run.resolve(ControlSocket.name(child.pid()));
            Frame newer =
                    Frame.of(Frame.Type.ASK_STOP).with(Frame.Tag.MIN_VERSION, 2).with(Frame.Tag.MAX_VERSION, 3);
            Frame answer = ask(socket, newer.encode());
            assertThat(answer.type()).isEqualTo(Frame.Type.OTHER_VERSION);
            assertThat(answer.number(Frame.Tag.MIN_VERSION)).isEqualTo(1);
            assertThat(answer.number(Frame.Tag.MAX_VERSION)).isEqualTo(1);
            assertThat(answer.text(Frame.Tag.RELEASE)).isEqualTo(Protocol.release());
            // A request that only a later release knows.
            Frame refusal = ask(socket, new byte[] {0, 99, 0, 0});
            assertThat(refusal.type()).isEqualTo(Frame.Type.REFUSED);
            assertThat(refusal.text(Frame.Tag.REASON)).isEqualTo("unknown frame 99");
            assertThat(BatonControl.of(child.pid(), run).status().state()).isEqualTo(State.SERVING);
        }
    }

    private static Frame ask(Path socket, byte[] request) throws IOException {
        int descriptor = Sockets.unix(Sockets.Type.SEQPACKET);
        try {
            Sockets.setTimeout(descriptor, SOON);
            Sockets.connect(descriptor, UnixDomainSocketAddress.of(socket));
            send(descriptor, request);
            return Objects.requireNonNull(
                    Frame.decode(Messages.receive(descriptor, Frame.MAX_BYTES).payload()));
        } finally {
            Descriptors.close(descriptor);
        }
    }
}
