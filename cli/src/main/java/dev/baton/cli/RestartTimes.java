package dev.baton.cli;

import dev.baton.testkit.TimeWindow;
import java.time.Duration;

/**
 * One restart, seen from outside. All times begin when the signal was sent.
 *
 * @param generation the number of the new process
 * @param switchedNanos when the switch was seen, as {@link System#nanoTime()}
 * @param toReady until the old process reported the new one ready
 * @param toSwitch until the old process reported that it had stopped accepting
 * @param toExit until the old process was gone
 */
record RestartTimes(int generation, long switchedNanos, Duration toReady, Duration toSwitch, Duration toExit) {
    /** The second around the switch. */
    TimeWindow window() {
        return TimeWindow.around(switchedNanos, Duration.ofSeconds(1));
    }
}
