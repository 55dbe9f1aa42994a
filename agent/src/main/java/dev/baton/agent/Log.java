package dev.baton.agent;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import dev.baton.ListenAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;

/** What the agent tells operators: one method for each event. */
final class Log {
    private static final System.Logger LOGGER = System.getLogger("dev.baton.agent");

    private Log() {}

    static void listens(ListenAddress address) {
        LOGGER.log(DEBUG, "{0} will be handed on", address);
    }

    static void notAdopted(Object address, Exception reason) {
        LOGGER.log(WARNING, "the parent''s listener could not be put in the place of {0}: {1}", address, reason);
    }

    static void notHandedOn(int number, Exception reason) {
        LOGGER.log(WARNING, "the listener with descriptor {0} will not be handed on: {1}", number, reason);
    }

    static void channelNotKnown(Object channel, Exception reason) {
        LOGGER.log(
                WARNING,
                "{0} is not as the agent knows Netty, and may lose connections in a restart: {1}",
                channel,
                reason);
    }

    static void notClosed(ListenAddress address, Exception reason) {
        LOGGER.log(WARNING, "the listener on {0} could not be closed: {1}", address, reason);
    }

    static void notTransformed(String className, Throwable reason) {
        LOGGER.log(WARNING, "{0} is left as it is: {1}", className, reason);
    }

    static void notReady(Exception reason) {
        LOGGER.log(WARNING, "this generation will not serve: {0}", reason.getMessage());
    }

    static void waitsFor(List<ListenAddress> missing) {
        LOGGER.log(
                WARNING,
                "not ready: {0}",
                missing.isEmpty()
                        ? "the program does not wait for connections yet"
                        : "the parent listened on " + missing + ", and the program does not yet");
    }

    static void waitsNoLonger(List<ListenAddress> missing) {
        LOGGER.log(
                WARNING,
                "systemd has passed what an earlier life of the program listened on, and the program does not listen on {0}:"
                        + " that is closed",
                missing);
    }

    static void waitsForWord() {
        LOGGER.log(WARNING, "not ready: the program has not said that it is, as ready=explicit demands");
    }

    static void unwell(URI url, String reason) {
        LOGGER.log(WARNING, "not ready: {0} {1}", url, reason);
    }

    static void connectionsUnknown(Exception reason) {
        LOGGER.log(WARNING, "it cannot be told whether connections are open: {0}", reason.toString());
    }

    static void drained(int open) {
        LOGGER.log(INFO, "the program is told to stop; {0} idle connections are open", open);
    }

    /** To the standard error stream itself: what loggers write to is closed by a shutdown hook, the JDK's first of all. */
    static void programDoesNotStop(Duration patience) {
        System.err.printf(
                "baton: the program's shutdown hooks are not through after %d s: it is ended%n", patience.toSeconds());
    }
}
