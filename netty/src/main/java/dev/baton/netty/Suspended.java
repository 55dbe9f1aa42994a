package dev.baton.netty;

import dev.baton.drain.DrainReason;

/** In the place of the protocol of a connection whose channel is not registered with its event loop, or about not to be. */
sealed interface Suspended extends ConnectionProtocol permits MovingConnection, AdoptedConnection {
    /** To be run when the connection goes on here, and never if it does not. In the event loop. */
    void later(Runnable task);

    /** What a drain asks for comes through {@link #later}. */
    @Override
    default void drain(DrainReason reason) {}

    @Override
    default void resume() {}

    /** The registry closes the connection. In the event loop. */
    default void cut(Runnable close) {
        later(close);
    }
}
