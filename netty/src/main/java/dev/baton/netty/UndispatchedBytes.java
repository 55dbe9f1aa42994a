package dev.baton.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;

/**
 * A handler that knows which bytes it has read and made nothing of yet: a connection whose pipeline has one can move to
 * another process in the middle of a request's head, and with requests that have not started.
 */
public interface UndispatchedBytes extends ChannelHandler {

    /**
     * Appends a copy of all bytes, as they were read, from the first on of which nothing was passed on. The handler keeps
     * them. Called in the event loop, while nothing is being decoded.
     */
    void copyUndispatched(ByteBuf target);
}
