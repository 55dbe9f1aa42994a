package dev.baton.http;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/** What the server logs, one method for each event. */
final class Log {
    private static final Logger LOGGER = System.getLogger("dev.baton.http");

    private Log() {}

    static void handlerFailed(Exchange exchange, Throwable cause) {
        LOGGER.log(Level.WARNING, () -> "the handler failed: " + exchange, cause);
    }

    /** The client went away, was too slow or sent a body that cannot be read: nothing to be done about here. */
    static void clientLost(Exchange exchange, Throwable cause) {
        LOGGER.log(Level.DEBUG, () -> "the client was lost: " + exchange, cause);
    }

    static void handlerRefused(Exchange exchange, Throwable cause) {
        LOGGER.log(Level.WARNING, () -> "the executor refused a request: " + exchange, cause);
    }

    static void requestRefused(Object peer, Rejection rejection) {
        LOGGER.log(
                Level.DEBUG,
                () -> "request from " + peer + " answered " + rejection.status() + ": " + rejection.reason());
    }

    static void requestMalformed(Object peer, String reason) {
        LOGGER.log(Level.DEBUG, () -> "request from " + peer + " is malformed: " + reason);
    }

    /** The handler's API has no place for them. */
    static void trailersDropped(Object peer) {
        LOGGER.log(Level.DEBUG, () -> "trailers of a request from " + peer + " are not given to the handler");
    }

    static void connectionFailed(Object peer, Throwable cause) {
        LOGGER.log(Level.DEBUG, () -> "connection of " + peer + " failed", cause);
    }

    static void requestsCut(int cut, int delay) {
        LOGGER.log(Level.WARNING, () -> "stopped; requests cut after a delay of " + delay + " s: " + cut);
    }

    static void drainCallbackFailed(Throwable cause) {
        LOGGER.log(Level.WARNING, "an onDrain callback failed", cause);
    }

    static void listenerFailed(Throwable cause) {
        LOGGER.log(Level.WARNING, "a WebSocket listener failed", cause);
    }

    static void sessionNotSaved(String migration, Throwable cause) {
        LOGGER.log(Level.WARNING, () -> "a WebSocket stays: its session cannot be saved by " + migration, cause);
    }

    static void sessionTooLong(String migration, int bytes) {
        LOGGER.log(
                Level.WARNING,
                () -> "a WebSocket stays: " + migration + " has saved " + bytes + " bytes for its session, at most "
                        + WebSocketMigration.MAX_STATE_BYTES + " are possible");
    }

    static void sessionNotRestored(String migration, Throwable cause) {
        LOGGER.log(
                Level.WARNING,
                () -> "a WebSocket is left to the other process: its session cannot be restored by " + migration,
                cause);
    }

    static void conversationsCut(int count) {
        LOGGER.log(
                Level.WARNING, "WebSockets, hijacked connections and event streams cut before their end: {0}", count);
    }

    static void rehearsalFailed(Throwable cause) {
        LOGGER.log(Level.DEBUG, "nothing was rehearsed before ready", cause);
    }

    static void warmedUp(int answered, int failed, Duration time) {
        LOGGER.log(
                failed == 0 ? Level.INFO : Level.WARNING,
                () -> "warmed up with " + answered + " requests in " + time.toMillis() + " ms"
                        + (failed == 0 ? "" : "; answered by an error: " + failed));
    }

    static void warmUpFailed(String reason) {
        LOGGER.log(Level.WARNING, "the warm-up has ended early: {0}", reason);
    }

    static void certificateExpired(Path file, Instant end) {
        LOGGER.log(Level.WARNING, () -> "the certificate in " + file + " has expired at " + end + "; renew it");
    }

    static void certificateNotYetValid(Path file, Instant start) {
        LOGGER.log(Level.WARNING, () -> "the certificate in " + file + " is not valid before " + start);
    }

    static void openSslNotLoaded(Throwable cause) {
        LOGGER.log(
                Level.WARNING,
                () -> "OpenSSL cannot be loaded (" + cause
                        + "): TLS by the JDK, whose sessions end with the generation");
    }

    static void ticketKeysNotUnderstood(String reason) {
        LOGGER.log(Level.WARNING, () -> "the session ticket keys of the parent are not used: " + reason);
    }
}
