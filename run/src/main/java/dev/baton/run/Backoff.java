package dev.baton.run;

import java.time.Duration;

/** How long to pause before the program is started again: 100 ms, and twice as long each time, up to 10 s. */
final class Backoff {
    private static final Duration FIRST = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofSeconds(10);

    /** A program that has served so long begins anew. */
    private static final Duration STEADY = Duration.ofSeconds(10);

    private Duration next = FIRST;

    /** The pause after a life that served for this long, zero if it never did. */
    Duration after(Duration served) {
        Duration pause = served.compareTo(STEADY) >= 0 ? FIRST : next;
        Duration twice = pause.multipliedBy(2);
        next = twice.compareTo(LONGEST) > 0 ? LONGEST : twice;
        return pause;
    }
}
