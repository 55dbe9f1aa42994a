package dev.baton.netty;

import io.netty.channel.Channel;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What the server logs, one method for each event. */
final class ServerLog {
    private static final Logger LOGGER = System.getLogger("dev.baton.netty");

    private ServerLog() {}

    /** Loads what logging needs, as far as can be known. */
    static void prepare() {
        LOGGER.isLoggable(Level.WARNING);
    }

    static void acceptPaused(@Nullable SocketAddress address, Duration pause, Throwable cause) {
        try {
            LOGGER.log(
                    Level.WARNING,
                    "Cannot accept on {0}: {1}. Connections wait in the queue; trying again in {2} ms.",
                    address,
                    cause.getMessage(),
                    pause.toMillis());
        } catch (RuntimeException | LinkageError _) {
            // The logger may need a class or a file that cannot be opened now. To serve on matters more.
        }
    }

    static void connectionNotSetUp(Channel channel, Throwable cause) {
        LOGGER.log(Level.WARNING, "Closed " + channel + " because it could not be set up.", cause);
    }

    /** A handler of the application has failed; the connection goes on here. */
    static void connectionNotSaved(Channel channel, Throwable cause) {
        LOGGER.log(Level.WARNING, "Did not move " + channel + " because its state could not be saved.", cause);
    }

    /** The release that runs here cannot read what the one before has saved. */
    static void contributionRefused(Channel channel) {
        LOGGER.log(Level.WARNING, "Closed {0}: a handler does not know the version of its state.", channel);
    }

    static void migrated(MigrationCounts since) {
        LOGGER.log(
                Level.INFO,
                "{0} connections have moved to another process, {1} that were to move have stayed and ended here.",
                since.moved(),
                since.stayed());
    }

    /** A client that breaks the protocol, or has gone. */
    static void connectionFailed(Channel channel, Throwable cause) {
        LOGGER.log(Level.DEBUG, () -> "connection " + channel + " failed", cause);
    }

    /** A peer that is no proxy, or a proxy that is not set up to send the header. */
    static void proxyHeaderRefused(Channel channel, String reason) {
        LOGGER.log(Level.DEBUG, () -> "closed " + channel + ": " + reason);
    }

    /** Scanners, clients that do not trust the certificate, connections that were given up: nothing to be done here. */
    static void handshakeFailed(Channel channel, Throwable cause) {
        LOGGER.log(Level.DEBUG, () -> "TLS handshake of " + channel + " failed", cause);
    }
}
