package dev.baton.netty;

import io.netty.channel.ChannelHandler;
import java.util.Optional;

/** Goes on with connections of another process of which more is needed than their bytes. */
@FunctionalInterface
public interface ConnectionRestorer {

    /**
     * Decides about a connection before it is taken, so that the other process can keep it. Called by any thread, which
     * must not be held up; nothing may be said to the client yet, because the connection may be abandoned.
     *
     * @param state what {@link ConnectionProtocol#save()} has given in the other process, which may run another release
     * @return what builds the pipeline of this one connection, and installs the protocol that it spoke there; empty if
     *     the connection cannot go on here
     */
    Optional<ChannelHandler> restore(byte[] state);
}
