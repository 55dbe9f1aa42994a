package dev.baton.http;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One event of an {@link EventStream}, in the terms of the WHATWG's HTML standard, section "Server-sent events".
 *
 * @param id what the client says as {@code Last-Event-ID} when it connects again; not more than one line
 * @param event the event's type, {@code message} if there is none; not more than one line
 * @param retry how long the client shall wait before it connects again, from now on
 * @param data any number of lines, whatever ends them
 */
public record ServerSentEvent(Optional<String> id, Optional<String> event, Optional<Duration> retry, String data) {
    private static final Pattern LINE_END = Pattern.compile("\r\n|\r|\n");

    /** @throws IllegalArgumentException if the id or the type would end the line, or the id contains NUL */
    public ServerSentEvent {
        Objects.requireNonNull(data);
        id.ifPresent(value -> requireLine("id", value));
        event.ifPresent(value -> requireLine("event", value));
        if (id.isPresent() && id.get().indexOf('\0') >= 0) {
            throw new IllegalArgumentException("a client ignores an id with NUL");
        }
        if (retry.isPresent() && retry.get().isNegative()) {
            throw new IllegalArgumentException("retry must not be negative: " + retry.get());
        }
    }

    private static void requireLine(String field, String value) {
        if (value.indexOf('\n') >= 0 || value.indexOf('\r') >= 0) {
            throw new IllegalArgumentException("the " + field + " of an event must be one line: " + value);
        }
    }

    /** An event with data alone. */
    public static ServerSentEvent of(String data) {
        return new ServerSentEvent(Optional.empty(), Optional.empty(), Optional.empty(), data);
    }

    /** The same with an id. */
    public ServerSentEvent withId(String value) {
        return new ServerSentEvent(Optional.of(value), event, retry, data);
    }

    /** The same with a type. */
    public ServerSentEvent withEvent(String value) {
        return new ServerSentEvent(id, Optional.of(value), retry, data);
    }

    /** The same with a time to wait before connecting again. */
    public ServerSentEvent withRetry(Duration value) {
        return new ServerSentEvent(id, event, Optional.of(value), data);
    }

    byte[] encoded() {
        StringBuilder lines = new StringBuilder(data.length() + 64);
        id.ifPresent(value -> line(lines, "id", value));
        event.ifPresent(value -> line(lines, "event", value));
        retry.ifPresent(value -> line(lines, "retry", String.valueOf(value.toMillis())));
        for (String line : LINE_END.split(data, -1)) {
            line(lines, "data", line);
        }
        return lines.append('\n').toString().getBytes(StandardCharsets.UTF_8);
    }

    /** A comment, which clients ignore; every line of it is one. */
    static byte[] comment(String text) {
        StringBuilder lines = new StringBuilder(text.length() + 8);
        for (String line : LINE_END.split(text, -1)) {
            line(lines, "", line);
        }
        return lines.append('\n').toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void line(StringBuilder lines, String field, String value) {
        lines.append(field).append(": ").append(value).append('\n');
    }
}
