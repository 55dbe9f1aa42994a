package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.Frame.Tag;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Everything that is said to operators survives the wire. */
class OperatorFramesTest {

    private static Frame overTheWire(Frame frame) throws ProtocolException {
        byte[] bytes = frame.encode();
        assertThat(bytes).hasSizeLessThanOrEqualTo(Frame.MAX_BYTES);
        return Objects.requireNonNull(Frame.decode(bytes));
    }

    static Stream<RestartResult> restartResults() {
        return Stream.concat(
                Stream.of(
                        new RestartResult.Switched(2, 4711, Duration.ofMillis(250), Duration.ofSeconds(2)),
                        new RestartResult.AlreadyInProgress(),
                        new RestartResult.NotServing(State.PARKED, OptionalLong.of(4711)),
                        new RestartResult.NotServing(State.STARTING, OptionalLong.empty()),
                        new RestartResult.TooManyGenerations(3, 4711, Duration.ofDays(60))),
                Arrays.stream(RestartResult.Cause.values())
                        .map(cause -> new RestartResult.Failed(
                                cause, "ended with exit status 1, \u00fc", List.of("Error: no such file", "bye"))));
    }

    @ParameterizedTest
    @MethodSource("restartResults")
    void anOutcomeOfARestart(RestartResult result) throws IOException {
        assertThat(OutcomeFrames.restart(overTheWire(OutcomeFrames.encode(result))))
                .isEqualTo(result);
    }

    static Stream<UndoResult> undoResults() {
        return Stream.of(
                new UndoResult.Undone(1, 4711),
                new UndoResult.NothingToUndo(),
                new UndoResult.AlreadyInProgress(),
                new UndoResult.Failed("no descriptor is left"));
    }

    @ParameterizedTest
    @MethodSource("undoResults")
    void anOutcomeOfAnUndo(UndoResult result) throws IOException {
        assertThat(OutcomeFrames.undo(overTheWire(OutcomeFrames.encode(result))))
                .isEqualTo(result);
    }

    @Test
    void anOutcomeOfAStop() throws IOException {
        for (StopResult result :
                List.of(new StopResult.Stopping(), new StopResult.NotServing(State.RETIRED, OptionalLong.of(4711)))) {
            assertThat(OutcomeFrames.stop(overTheWire(OutcomeFrames.encode(result))))
                    .isEqualTo(result);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aStep(RestartStep.Kind kind) throws IOException {
        RestartStep step = new RestartStep(kind, 2, 4711, Duration.ofMillis(250));
        assertThat(OutcomeFrames.step(overTheWire(OutcomeFrames.encode(step)))).isEqualTo(step);
    }

    private static GenerationStatus read(List<Frame> frames) throws ProtocolException {
        StatusFrames status = new StatusFrames();
        for (Frame frame : frames.subList(0, frames.size() - 1)) {
            assertThat(frame.type()).isEqualTo(Frame.Type.STATUS_LISTS);
            status.add(overTheWire(frame));
        }
        return status.end(overTheWire(frames.getLast()));
    }

    private static GenerationStatus status(List<String> listeners, List<String> warnings) {
        return new GenerationStatus(
                "shop",
                7,
                4711,
                State.SERVING,
                Duration.ofDays(60),
                Duration.ofDays(61),
                "1.0",
                listeners,
                Optional.of(Duration.ofSeconds(9)),
                OptionalLong.of(4712),
                List.of(new GenerationStatus.Draining(6, 4710, Duration.ofSeconds(20))),
                6,
                warnings,
                Optional.of("25.0.3+9-LTS"),
                Optional.of(Path.of("/opt/shop.jar")),
                Optional.of(Duration.ofSeconds(30)));
    }

    @Test
    void aStatusWithoutLists() throws ProtocolException {
        GenerationStatus empty = new GenerationStatus(
                "",
                1,
                1,
                State.STARTING,
                Duration.ZERO,
                Duration.ZERO,
                "1.0",
                List.of(),
                Optional.empty(),
                OptionalLong.empty(),
                List.of(),
                0,
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        List<Frame> frames = StatusFrames.encode(empty);
        assertThat(frames).hasSize(1);
        assertThat(read(frames)).isEqualTo(empty);
    }

    @Test
    void aStatusWithMoreListenersThanOneFrameHolds() throws ProtocolException {
        List<String> listeners = IntStream.range(0, 5_000)
                .mapToObj(i -> "unix:/run/" + "x".repeat(80) + i)
                .toList();
        GenerationStatus status = status(listeners, List.of("the jar has changed", "SIGHUP is ignored"));
        List<Frame> frames = StatusFrames.encode(status);
        assertThat(frames).hasSizeGreaterThan(3);
        assertThat(read(frames)).isEqualTo(status);
    }

    @Test
    void aWarningIsOneLineOfBoundedLength() throws ProtocolException {
        GenerationStatus read =
                read(StatusFrames.encode(status(List.of(), List.of("a\nb", "x".repeat(2_000_000), ""))));
        assertThat(read.warnings()).containsExactly("a", "x".repeat(1_000) + "...", "");
    }

    @Test
    void whatIsNotInThisVersionIsRefusedInWords() {
        assertThatThrownBy(() -> OutcomeFrames.restart(outcome("EXPLODED"))).hasMessageContaining("EXPLODED");
        assertThatThrownBy(() -> OutcomeFrames.restart(outcome("UNDONE"))).hasMessageContaining("UNDONE");
        assertThatThrownBy(() -> OutcomeFrames.undo(outcome("SWITCHED"))).hasMessageContaining("SWITCHED");
        assertThatThrownBy(() -> OutcomeFrames.stop(outcome("FAILED"))).hasMessageContaining("FAILED");
        assertThatThrownBy(() -> OutcomeFrames.restart(outcome("NOT_SERVING").with(Tag.STATE, "DREAMING")))
                .isInstanceOf(ProtocolException.class)
                .hasMessage("OUTCOME: STATE cannot be DREAMING");
        assertThatThrownBy(() ->
                        new StatusFrames().add(Frame.of(Frame.Type.STATUS_LISTS).with(Tag.DRAINING, "1 2 x")))
                .isInstanceOf(ProtocolException.class)
                .hasMessage("DRAINING cannot be read: 1 2 x");
        assertThatThrownBy(() -> outcome("").with(Tag.ELAPSED, 1).duration(Tag.ELAPSED))
                .hasMessage("OUTCOME: ELAPSED has 4 bytes instead of 8");
    }

    private static Frame outcome(String name) {
        return Frame.of(Frame.Type.OUTCOME).with(Tag.OUTCOME, name);
    }
}
