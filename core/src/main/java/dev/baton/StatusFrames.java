package dev.baton;

import dev.baton.Frame.Tag;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A status as frames, and back: STATUS at the end, and before it what can be long, in as many frames as it needs. */
final class StatusFrames {
    /** The most bytes of text in one STATUS_LISTS, with room for the heads of its fields. */
    private static final int LISTS_BYTES = Frame.MAX_BYTES / 2;

    /** The most characters of one warning. */
    private static final int WARNING_LENGTH = 1_000;

    private final List<String> listeners = new ArrayList<>();
    private final List<GenerationStatus.Draining> draining = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();

    static List<Frame> encode(GenerationStatus status) {
        List<Frame> frames = new ArrayList<>();
        Lists lists = new Lists(frames);
        status.listeners().forEach(key -> lists.add(Tag.LISTENER, key));
        status.draining().forEach(each -> lists.add(Tag.DRAINING, encode(each)));
        status.warnings().forEach(line -> lists.add(Tag.WARNING, cut(line)));
        Frame frame = Frame.of(Frame.Type.STATUS)
                .with(Tag.NAME, status.name())
                .with(Tag.GENERATION, status.generation())
                .with(Tag.PID, Math.toIntExact(status.pid()))
                .with(Tag.STATE, status.state().name())
                .with(Tag.ELAPSED, status.inState())
                .with(Tag.AGE, status.age())
                .with(Tag.RELEASE, status.release())
                .with(Tag.RESTARTS, status.restarts());
        status.undoable().ifPresent(left -> frame.with(Tag.UNDOABLE, left));
        status.servedBy().ifPresent(pid -> frame.with(Tag.SERVED_BY, Math.toIntExact(pid)));
        status.jdk().ifPresent(version -> frame.with(Tag.JDK, version));
        status.jar().ifPresent(path -> frame.with(Tag.JAR, path.toString()));
        status.drainLeft().ifPresent(left -> frame.with(Tag.DRAIN_LEFT, left));
        frames.add(frame);
        return frames;
    }

    private static String encode(GenerationStatus.Draining draining) {
        return draining.generation() + " " + draining.pid() + " "
                + draining.drains().toMillis();
    }

    private static String cut(String warning) {
        String line = warning.lines().findFirst().orElse("");
        return line.length() > WARNING_LENGTH ? line.substring(0, WARNING_LENGTH) + "..." : line;
    }

    /** Fills one frame after the other. */
    private static final class Lists {
        private final List<Frame> frames;
        private int room;

        Lists(List<Frame> frames) {
            this.frames = frames;
        }

        void add(Tag tag, String text) {
            int length = text.getBytes(StandardCharsets.UTF_8).length + Frame.FIELD_HEAD_BYTES;
            if (length > room) {
                frames.add(Frame.of(Frame.Type.STATUS_LISTS));
                room = LISTS_BYTES;
            }
            frames.getLast().with(tag, text);
            room -= length;
        }
    }

    /** Takes a frame that comes before STATUS. */
    void add(Frame lists) throws ProtocolException {
        listeners.addAll(lists.texts(Tag.LISTENER));
        for (String text : lists.texts(Tag.DRAINING)) {
            draining.add(decode(text));
        }
        warnings.addAll(lists.texts(Tag.WARNING));
    }

    private static GenerationStatus.Draining decode(String text) throws ProtocolException {
        String[] words = text.split(" ", -1);
        try {
            return new GenerationStatus.Draining(
                    Integer.parseInt(words[0]), Long.parseLong(words[1]), Duration.ofMillis(Long.parseLong(words[2])));
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            throw new ProtocolException("DRAINING cannot be read: " + text);
        }
    }

    /** The whole. */
    GenerationStatus end(Frame status) throws ProtocolException {
        return new GenerationStatus(
                status.text(Tag.NAME),
                status.number(Tag.GENERATION),
                status.number(Tag.PID),
                OutcomeFrames.name(State.class, status, Tag.STATE),
                status.duration(Tag.ELAPSED),
                status.duration(Tag.AGE),
                status.text(Tag.RELEASE),
                listeners,
                optional(Tag.UNDOABLE, status, status::duration),
                OutcomeFrames.optionalPid(status, Tag.SERVED_BY),
                draining,
                status.number(Tag.RESTARTS),
                warnings,
                optional(Tag.JDK, status, status::text),
                optional(Tag.JAR, status, tag -> Path.of(status.text(tag))),
                optional(Tag.DRAIN_LEFT, status, status::duration));
    }

    private interface Field<T> {
        T read(Tag tag) throws ProtocolException;
    }

    private static <T> Optional<T> optional(Tag tag, Frame status, Field<T> field) throws ProtocolException {
        return status.has(tag) ? Optional.of(field.read(tag)) : Optional.empty();
    }
}
