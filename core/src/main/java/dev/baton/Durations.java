package dev.baton;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How Baton reads and writes a duration for people: {@code 500ms}, {@code 30s}, {@code 2m}, {@code 1h}, {@code 0}. */
public final class Durations {
    /** The longest that Baton takes: far beyond any use, and short enough for arithmetic in nanoseconds. */
    static final Duration MAX = Duration.ofHours(10_000);

    private static final Pattern FORM = Pattern.compile("(\\d{1,9})(ms|s|m|h)");

    private Durations() {}

    /**
     * Reads a duration.
     *
     * @throws IllegalArgumentException if the text is not a whole number with a unit, or the duration is longer than
     *     10000 hours; the message says so
     */
    public static Duration parse(String text) {
        if (text.equals("0")) {
            return Duration.ZERO;
        }
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not a duration; write a whole number and ms, s, m or h, such as 500ms or 30s");
        }
        long number = Long.parseLong(matcher.group(1));
        Duration duration = switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            default -> Duration.ofHours(number);
        };
        if (duration.compareTo(MAX) > 0) {
            throw new IllegalArgumentException("'" + text + "' is longer than " + format(MAX));
        }
        return duration;
    }

    /** The shortest form that {@link #parse} reads back, to the millisecond. */
    public static String format(Duration duration) {
        long millis = duration.toMillis();
        if (millis == 0) {
            return "0";
        }
        if (millis % 1_000 != 0) {
            return millis + "ms";
        }
        long seconds = millis / 1_000;
        if (seconds % 60 != 0) {
            return seconds + "s";
        }
        return seconds % 3_600 != 0 ? seconds / 60 + "m" : seconds / 3_600 + "h";
    }
}
