package dev.baton.netty;

import io.netty.channel.ChannelHandler;
import java.util.Optional;

/**
 * State of a connection that moves with it: implemented by a handler of its pipeline, for
 * what the application knows of the client and cannot find out again, such as who it is.
 *
 * <p>All methods are called in the event loop. The state of all handlers of a connection together has at most
 * {@link #MAX_BYTES}; a connection with more does not move.
 */
public interface ConnectionContribution extends ChannelHandler {
    /** The most bytes of all contributions to one connection, their names included. */
    int MAX_BYTES = 4 * 1024;

    /** By which the state finds the handler in the other process's pipeline; unique in a pipeline. */
    String contributionName();

    /** The version of the encoding: the other process may run another release of the application. */
    int contributionVersion();

    /** The state, while the connection is frozen; empty if the connection cannot go on in another process now. */
    Optional<byte[]> save();

    /**
     * Takes the state over: after the pipeline was set up, before the first read. Not called if the other process's
     * pipeline had no handler of this name.
     *
     * @return false if the handler does not know this version; the connection is closed then
     */
    boolean restore(int version, byte[] state);
}
