package dev.baton.http;

import java.net.http.WebSocket;
import java.util.Optional;

/**
 * How the WebSockets of a handler go on in another process at a restart: what their sessions are, as bytes.
 *
 * <p>Given with {@link WebSocketOptions#migration()} to {@link WebSockets#upgrade}, and in the other process to
 * {@link BatonHttpServer#adoptWebSockets}. There the session finds the one of the same {@linkplain #name() name}.
 *
 * <p>A WebSocket moves between two messages: no message is being sent or received, no call of its listener is running, every
 * stage that the listener has returned is complete, and nothing waits for a {@code request}. So a listener that answers in
 * other threads returns the stage of the answer, and the session moves behind it.
 */
public interface WebSocketMigration {
    /** The most bytes of one session. */
    int MAX_STATE_BYTES = 32 * 1024;

    /** By which the other process finds it; unique in a server. */
    String name();

    /** The version of the encoding: the other process may run an older or a newer release of the application. */
    int version();

    /**
     * The session's state. From before this call on nothing begins on the WebSocket any more: sends fail with
     * {@link WebSocketDrainingException}, the listener is not called. So what is true now is true when the session goes on,
     * and what the application could not send before this returns, it can put into the state. What is refused later is in no
     * state: whoever goes on has to find it elsewhere. A {@link WebSocket#request} that comes later is lost too.
     *
     * <p>Stages that were attached to the future of a send before the send ended have run. A thread that waits for the future,
     * or attaches a stage to it later, may not have gone on yet: it holds a lock from before the send until it has noted that
     * the message is sent, and this method takes that lock.
     *
     * <p>Called on a virtual thread, and may block for {@link WebSocketOptions#closeTimeout()}; what takes longer is not waited
     * for, and may go on while the listener is called again. If the WebSocket does not move after all, {@link #stayed} is
     * called and it goes on here, so do not give away here what it needs for that.
     *
     * @param listener of the WebSocket
     * @return empty if this session cannot move; it gets its Close then
     */
    Optional<byte[]> save(WebSocket.Listener listener);

    /**
     * The listener that goes on with a session of another process. The WebSocket may yet stay there, so nothing else happens
     * here. Must not block: all that move wait for it, and after ten seconds no more move.
     *
     * @param version of the other process's encoding
     * @return empty if this release does not understand it; the other process keeps the session, and closes it
     */
    Optional<WebSocket.Listener> restore(int version, byte[] state);

    /**
     * The session goes on here: called once, before any method of the listener, in the place of {@code onOpen}, which is not
     * called. What was requested in the other process and has not come is still requested.
     *
     * @param listener that {@link #restore} has given
     */
    default void resumed(WebSocket webSocket, WebSocket.Listener listener) {}

    /**
     * The session goes on here after all, at least until its Close: called once for each time that the WebSocket was held to
     * be moved, before any further method of the listener. {@link #save} may not have been called. Threads of the
     * application that have stopped sending at a {@link WebSocketDrainingException} go on from here. If the connection has
     * ended meanwhile, {@code onClose} is called instead.
     */
    default void stayed(WebSocket webSocket, WebSocket.Listener listener) {}

    /**
     * The session is the other process's: nothing of this WebSocket is called any more, and it sends nothing. Called on a
     * virtual thread, for which this process waits before it ends. The place to forget the listener.
     */
    default void moved(WebSocket webSocket, WebSocket.Listener listener) {}
}
