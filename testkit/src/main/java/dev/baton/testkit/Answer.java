package dev.baton.testkit;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A whole response with the expected body. Its status may be any: {@link Load} judges it, a test may. */
public final class Answer implements Outcome {
    private final ResponseHead head;
    private final byte[] body;

    Answer(ResponseHead head, byte[] body) {
        this.head = head;
        this.body = body;
    }

    /** The status code. */
    public int status() {
        return head.status();
    }

    /** The generation that answered, if the response names one. */
    public OptionalInt generation() {
        return head.generation();
    }

    /** Whether the response said that the connection ends with it. */
    public boolean announcesClose() {
        return head.announcesClose();
    }

    /** The first value of a header, whose name is compared without regard to case. */
    public Optional<String> header(String name) {
        return Optional.ofNullable(headers().get(name)).map(List::getFirst);
    }

    /** All headers by name, without regard to case. */
    public Map<String, List<String>> headers() {
        Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        head.text().lines().skip(1).filter(line -> line.contains(":")).forEach(line -> {
            int colon = line.indexOf(':');
            headers.merge(
                    line.substring(0, colon),
                    List.of(line.substring(colon + 1).strip()),
                    (a, b) -> Stream.concat(a.stream(), b.stream()).toList());
        });
        return headers;
    }

    /** A copy of the body, decoded from its transfer coding. */
    public byte[] body() {
        return body.clone();
    }

    /** The body as UTF-8 text. */
    public String text() {
        return new String(body, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return "status " + status() + ", " + body.length + " bytes";
    }
}
