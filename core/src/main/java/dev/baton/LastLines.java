package dev.baton;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The last lines of a stream, for a report of one line: bounded, without control characters, and without the frames of
 * stack traces. What the exceptions say is worth more than the last ten places of the outermost, and the whole trace is
 * where the stream leads. Not for several threads at once.
 */
final class LastLines {
    private static final int MAX_LINES = 10;

    /** With {@link #MAX_LINES}, 4 KiB in all. */
    private static final int MAX_BYTES = 400;

    private static final String CUT = "...";

    private final Deque<String> lines = new ArrayDeque<>();
    private final ByteArrayOutputStream unfinished = new ByteArrayOutputStream();
    private boolean cut;

    void add(byte[] bytes, int count) {
        for (int i = 0; i < count; i++) {
            if (bytes[i] == '\n') {
                keep(lines, line());
                unfinished.reset();
                cut = false;
            } else if (unfinished.size() < MAX_BYTES) {
                unfinished.write(bytes[i]);
            } else {
                cut = true;
            }
        }
    }

    /** The lines, the oldest first; the last may be one that has not ended. */
    List<String> lines() {
        Deque<String> all = new ArrayDeque<>(lines);
        keep(all, line());
        return List.copyOf(new ArrayList<>(all));
    }

    private String line() {
        return unfinished.toString(StandardCharsets.UTF_8) + (cut ? CUT : "");
    }

    private static void keep(Deque<String> lines, String line) {
        String text = printable(line);
        if (text.isEmpty() || isFrame(line, text)) {
            return;
        }
        lines.add(text);
        if (lines.size() > MAX_LINES) {
            lines.removeFirst();
        }
    }

    /** A text that stays on its line, and does nothing to a terminal. */
    static String printable(String text) {
        return text.replaceAll("\\p{IsControl}", " ").strip();
    }

    /** As {@code Throwable.printStackTrace} writes them: indented. */
    private static boolean isFrame(String line, String text) {
        return Character.isWhitespace(line.charAt(0))
                && (text.startsWith("at ") || (text.startsWith("... ") && text.endsWith(" more")));
    }
}
