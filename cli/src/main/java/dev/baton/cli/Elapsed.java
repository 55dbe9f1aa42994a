package dev.baton.cli;

import java.time.Duration;

/** How long something has taken, or will, for people: its two largest units. */
final class Elapsed {
    private Elapsed() {}

    /** Such as {@code 2d 3h}, {@code 4m 5s}, {@code 6s}, {@code 0.8s}. */
    static String text(Duration duration) {
        if (duration.toDays() > 0) {
            return duration.toDays() + "d " + duration.toHoursPart() + "h";
        }
        if (duration.toHours() > 0) {
            return duration.toHours() + "h " + duration.toMinutesPart() + "m";
        }
        if (duration.toMinutes() > 0) {
            return duration.toMinutes() + "m " + duration.toSecondsPart() + "s";
        }
        return duration.toSeconds() >= 10
                ? duration.toSeconds() + "s"
                : duration.toSeconds() + "." + duration.toMillisPart() / 100 + "s";
    }
}
