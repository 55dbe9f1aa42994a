package dev.baton.netty;

/** In the place of the protocol of a connection whose channel is not registered with its event loop, or about not to be. */
sealed interface Suspended extends ConnectionProtocol permits MovingConnection, AdoptedConnection {
    /** To be run when the connection goes on here, and never if it does not. In the event loop. */
    void later(Runnable task);

    /** The registry closes the connection. In the event loop. */
    default void cut(Runnable close) {
        later(close);
    }
}
