package dev.baton.http;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The value of the {@code Date} header (RFC 9110, section 5.6.7), formatted once a second. */
final class HttpDate {
    private static final DateTimeFormatter IMF_FIXDATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
            .withZone(ZoneOffset.UTC);

    private record Formatted(long second, String text) {}

    private static volatile Formatted latest = format(0);

    private HttpDate() {}

    static String now() {
        long second = System.currentTimeMillis() / 1000;
        Formatted known = latest;
        if (known.second != second) {
            known = format(second);
            latest = known;
        }
        return known.text;
    }

    private static Formatted format(long second) {
        return new Formatted(second, IMF_FIXDATE.format(Instant.ofEpochSecond(second)));
    }
}
