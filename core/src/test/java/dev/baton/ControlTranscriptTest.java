package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Messages;
import dev.baton.posix.Sockets;
import dev.baton.testkit.ChildJvm;
import java.io.IOException;
import java.io.InputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Operators' requests as releases of the past spoke them, byte for byte, against today's client and today's generation. As
 * with {@link TranscriptTest}, what is recorded never changes.
 */
class ControlTranscriptTest {
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    /** A request, and all that was answered. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    private record Exchange(byte[] request, List<byte[]> answers) {}

    private static List<Exchange> transcript(String name) throws IOException {
        List<Exchange> exchanges = new ArrayList<>();
        try (InputStream in = Objects.requireNonNull(ControlTranscriptTest.class.getResourceAsStream(name))) {
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n", 0)) {
                String[] words = line.split(" ", 0);
                switch (words[0]) {
                    case "operator" ->
                        exchanges.add(new Exchange(HexFormat.of().parseHex(words[2]), new ArrayList<>()));
                    case "generation" ->
                        exchanges.getLast().answers().add(HexFormat.of().parseHex(words[2]));
                    default -> assertThat(line).startsWith("#");
                }
            }
        }
        return exchanges;
    }

    private static Frame.Type type(byte[] bytes) throws ProtocolException {
        return Objects.requireNonNull(Frame.decode(bytes)).type();
    }

    /** A generation that says what was recorded. */
    private CompletableFuture<Void> play(List<Exchange> exchanges, int listener) {
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        for (Exchange exchange : exchanges) {
                            int socket = Sockets.accept(listener);
                            byte[] request =
                                    Messages.receive(socket, Frame.MAX_BYTES).payload();
                            assertThat(type(request)).isEqualTo(type(exchange.request()));
                            for (byte[] answer : exchange.answers()) {
                                Messages.send(socket, answer, new int[0], true);
                            }
                            Descriptors.close(socket);
                        }
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                },
                task -> Thread.ofPlatform().start(task));
    }

    @Test
    void theOperatorUnderstandsTheGeneration() throws Exception {
        Path path = directory.resolve("generation.sock");
        int listener = Sockets.unix(Sockets.Type.SEQPACKET);
        Sockets.setTimeout(listener, SOON);
        Sockets.bind(listener, UnixDomainSocketAddress.of(path));
        Sockets.listen(listener, 1);
        CompletableFuture<Void> talk = play(transcript("control-1.txt"), listener);
        BatonControl control = BatonControl.at(path).withTimeout(SOON);

        assertThat(control.restart(_ -> {}))
                .isEqualTo(new RestartResult.Failed(RestartResult.Cause.EXITED, "ended with exit status 3", List.of()));
        List<RestartStep> steps = new ArrayList<>();
        assertThat(control.restart(steps::add))
                .isEqualTo(new RestartResult.Switched(2, 20795, Duration.ofMillis(280), Duration.ofMillis(301)));
        assertThat(steps).extracting(RestartStep::kind).containsExactly(RestartStep.Kind.values());
        assertThat(steps.getLast())
                .isEqualTo(new RestartStep(RestartStep.Kind.ACCEPTING, 2, 20795, Duration.ofMillis(299)));

        GenerationStatus parked = control.status();
        assertThat(parked.name()).isEqualTo("shop");
        assertThat(parked.state()).isEqualTo(State.PARKED);
        assertThat(parked.inState()).isEqualTo(Duration.ofMillis(13));
        assertThat(parked.age()).isEqualTo(Duration.ofMillis(1_148));
        assertThat(parked.servedBy()).hasValue(20795);
        assertThat(parked.listeners()).containsExactly("127.0.0.1:0", "[0:0:0:0:0:0:0:1]:0");
        assertThat(parked.undoable()).isPresent();
        assertThat(control.restart(_ -> {}))
                .isEqualTo(new RestartResult.NotServing(State.PARKED, OptionalLong.of(20795)));
        GenerationStatus serving = control.status();
        assertThat(serving.generation()).isEqualTo(2);
        assertThat(serving.pid()).isEqualTo(20795);
        assertThat(serving.release()).isEqualTo("development");
        assertThat(serving.restarts()).isEqualTo(1);
        assertThat(serving.draining()).containsExactly(new GenerationStatus.Draining(1, 20742, Duration.ofMillis(52)));
        assertThat(control.undo()).isEqualTo(new UndoResult.Undone(1, 20742));
        assertThat(control.undo()).isEqualTo(new UndoResult.NothingToUndo());
        assertThat(control.stop()).isEqualTo(new StopResult.Stopping());
        talk.join();
        Descriptors.close(listener);
    }

    @Test
    void theGenerationUnderstandsTheOperator() throws Exception {
        Path script = directory.resolve("script");
        Path run = directory.resolve("run");
        ScriptedService.script(script, "serve");
        List<Exchange> exchanges = transcript("control-1.txt");
        try (ChildJvm child = ChildJvm.of(ScriptedService.class)
                .environment("BATON_RUN_DIR", run.toString())
                .environment("BATON_UNDO_WINDOW", "5m")
                .arguments(script.toString(), "127.0.0.1:0", "[::1]:0")
                .start()) {
            child.awaitLine("1 ready", SOON);
            Path old = run.resolve(ControlSocket.name(child.pid()));
            ScriptedService.script(script, "exit 3");
            expectSame(old, exchanges.get(0));
            ScriptedService.script(script, "serve");
            expectSame(old, exchanges.get(1));
            expectSame(old, exchanges.get(2));
            expectSame(old, exchanges.get(3));
            long young = BatonControl.at(old).status().servedBy().orElseThrow();
            expectSame(run.resolve(ControlSocket.name(young)), exchanges.get(4));
            for (Exchange exchange : exchanges.subList(5, exchanges.size())) {
                expectSame(old, exchange);
            }
            assertThat(child.awaitExit(SOON)).isZero();
        }
    }

    /** Sends what was recorded, and expects the same frames; what must be said with them is another test's. */
    private static void expectSame(Path path, Exchange exchange) throws IOException {
        int socket = Sockets.unix(Sockets.Type.SEQPACKET);
        Sockets.setTimeout(socket, SOON);
        Sockets.connect(socket, UnixDomainSocketAddress.of(path));
        Messages.send(socket, exchange.request(), new int[0], true);
        List<Frame.Type> expected = new ArrayList<>();
        for (byte[] answer : exchange.answers()) {
            expected.add(type(answer));
        }
        List<Frame.Type> said = new ArrayList<>();
        while (said.size() < 20) {
            var message = Messages.receive(socket, Frame.MAX_BYTES);
            if (message.isEndOfStream()) {
                break;
            }
            said.add(type(message.payload()));
        }
        assertThat(said).isEqualTo(expected);
        Descriptors.close(socket);
    }
}
