package dev.baton;

import dev.baton.Frame.Tag;
import java.util.OptionalLong;

/** Steps and outcomes of operators' requests as frames, and back; docs/handoff-protocol.md lists the fields. */
final class OutcomeFrames {
    private static final String FAILED = "FAILED";
    private static final String ALREADY_IN_PROGRESS = "ALREADY_IN_PROGRESS";
    private static final String NOT_SERVING = "NOT_SERVING";

    private OutcomeFrames() {}

    private static Frame outcome(String name) {
        return Frame.of(Frame.Type.OUTCOME).with(Tag.OUTCOME, name);
    }

    static Frame encode(RestartStep step) {
        return Frame.of(Frame.Type.STEP)
                .with(Tag.STEP, step.kind().name())
                .with(Tag.GENERATION, step.generation())
                .with(Tag.PID, Math.toIntExact(step.pid()))
                .with(Tag.ELAPSED, step.elapsed());
    }

    static Frame encode(RestartResult result) {
        return switch (result) {
            case RestartResult.Switched switched ->
                outcome("SWITCHED")
                        .with(Tag.GENERATION, switched.generation())
                        .with(Tag.PID, Math.toIntExact(switched.pid()))
                        .with(Tag.TO_READY, switched.toReady())
                        .with(Tag.TO_SWITCH, switched.toSwitch());
            case RestartResult.Failed failed -> {
                Frame frame =
                        outcome(FAILED).with(Tag.CAUSE, failed.cause().name()).with(Tag.REASON, failed.detail());
                failed.lastLines().forEach(line -> frame.with(Tag.LAST_LINE, line));
                yield frame;
            }
            case RestartResult.AlreadyInProgress _ -> outcome(ALREADY_IN_PROGRESS);
            case RestartResult.NotServing notServing -> notServing(notServing.state(), notServing.servedBy());
            case RestartResult.TooManyGenerations oldest ->
                outcome("TOO_MANY_GENERATIONS")
                        .with(Tag.GENERATION, oldest.generation())
                        .with(Tag.PID, Math.toIntExact(oldest.pid()))
                        .with(Tag.ELAPSED, oldest.drains());
        };
    }

    static Frame encode(UndoResult result) {
        return switch (result) {
            case UndoResult.Undone undone ->
                outcome("UNDONE")
                        .with(Tag.GENERATION, undone.generation())
                        .with(Tag.PID, Math.toIntExact(undone.pid()));
            case UndoResult.NothingToUndo _ -> outcome("NOTHING_TO_UNDO");
            case UndoResult.AlreadyInProgress _ -> outcome(ALREADY_IN_PROGRESS);
            case UndoResult.Failed failed -> outcome(FAILED).with(Tag.REASON, failed.detail());
        };
    }

    static Frame encode(StopResult result) {
        return switch (result) {
            case StopResult.Stopping _ -> outcome("STOPPING");
            case StopResult.NotServing notServing -> notServing(notServing.state(), notServing.servedBy());
        };
    }

    private static Frame notServing(State state, OptionalLong servedBy) {
        Frame frame = outcome(NOT_SERVING).with(Tag.STATE, state.name());
        servedBy.ifPresent(pid -> frame.with(Tag.SERVED_BY, Math.toIntExact(pid)));
        return frame;
    }

    static RestartStep step(Frame frame) throws ProtocolException {
        return new RestartStep(
                name(RestartStep.Kind.class, frame, Tag.STEP),
                frame.number(Tag.GENERATION),
                frame.number(Tag.PID),
                frame.duration(Tag.ELAPSED));
    }

    static RestartResult restart(Frame frame) throws ProtocolException {
        return switch (frame.text(Tag.OUTCOME)) {
            case "SWITCHED" ->
                new RestartResult.Switched(
                        frame.number(Tag.GENERATION),
                        frame.number(Tag.PID),
                        frame.duration(Tag.TO_READY),
                        frame.duration(Tag.TO_SWITCH));
            case FAILED ->
                new RestartResult.Failed(
                        name(RestartResult.Cause.class, frame, Tag.CAUSE),
                        frame.text(Tag.REASON),
                        frame.texts(Tag.LAST_LINE));
            case ALREADY_IN_PROGRESS -> new RestartResult.AlreadyInProgress();
            case NOT_SERVING ->
                new RestartResult.NotServing(name(State.class, frame, Tag.STATE), optionalPid(frame, Tag.SERVED_BY));
            case "TOO_MANY_GENERATIONS" ->
                new RestartResult.TooManyGenerations(
                        frame.number(Tag.GENERATION), frame.number(Tag.PID), frame.duration(Tag.ELAPSED));
            default -> throw unknown(frame);
        };
    }

    static UndoResult undo(Frame frame) throws ProtocolException {
        return switch (frame.text(Tag.OUTCOME)) {
            case "UNDONE" -> new UndoResult.Undone(frame.number(Tag.GENERATION), frame.number(Tag.PID));
            case "NOTHING_TO_UNDO" -> new UndoResult.NothingToUndo();
            case ALREADY_IN_PROGRESS -> new UndoResult.AlreadyInProgress();
            case FAILED -> new UndoResult.Failed(frame.text(Tag.REASON));
            default -> throw unknown(frame);
        };
    }

    static StopResult stop(Frame frame) throws ProtocolException {
        return switch (frame.text(Tag.OUTCOME)) {
            case "STOPPING" -> new StopResult.Stopping();
            case NOT_SERVING ->
                new StopResult.NotServing(name(State.class, frame, Tag.STATE), optionalPid(frame, Tag.SERVED_BY));
            default -> throw unknown(frame);
        };
    }

    /** The process that a field names, if it is there. */
    static OptionalLong optionalPid(Frame frame, Tag tag) throws ProtocolException {
        return frame.has(tag) ? OptionalLong.of(frame.number(tag)) : OptionalLong.empty();
    }

    /** The constant of this name; a release that adds one raises the version. */
    static <E extends Enum<E>> E name(Class<E> type, Frame frame, Tag tag) throws ProtocolException {
        String text = frame.text(tag);
        for (E constant : type.getEnumConstants()) {
            if (constant.name().equals(text)) {
                return constant;
            }
        }
        throw new ProtocolException(frame + ": " + tag + " cannot be " + text);
    }

    private static ProtocolException unknown(Frame frame) throws ProtocolException {
        return new ProtocolException("no such outcome here: " + frame.text(Tag.OUTCOME));
    }
}
