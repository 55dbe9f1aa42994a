package dev.baton.tomcat;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.jspecify.annotations.Nullable;

/** A channel of Tomcat's that has a {@link ServedConnection}. */
interface Tracked {

    /** The connection that the channel is used for; null before the first. */
    @Nullable
    ServedConnection connection();

    /** Whether bytes have come that cannot be read yet. To be asked with the lock of the wrapper. */
    default boolean isWithinRecord() {
        return false;
    }

    /** The connection that Tomcat's wrapper stands for; empty once it is closed. */
    static Optional<ServedConnection> of(@Nullable SocketWrapperBase<?> wrapper) {
        return wrapper != null && wrapper.getSocket() instanceof Tracked tracked
                ? Optional.ofNullable(tracked.connection())
                : Optional.empty();
    }

    /** Tells of what a read has given, and gives it. */
    default long received(long bytes) {
        ServedConnection connection = connection();
        if (bytes > 0 && connection != null) {
            connection.received(bytes);
        }
        return bytes;
    }

    /** Tells of what a write has taken, and gives it. */
    default long sent(long bytes) {
        ServedConnection connection = connection();
        if (bytes > 0 && connection != null) {
            connection.sent(bytes);
        }
        return bytes;
    }

    /** Ends the connection in the way that it is due. */
    default void end(SocketChannel socket) throws IOException {
        ServedConnection connection = connection();
        if (connection == null) {
            socket.close();
        } else {
            connection.end();
        }
    }
}
