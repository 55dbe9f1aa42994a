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
     * and what the application could not send, it can put into the state.
     *
     * <p>Called on a virtual thread, and may block for {@link WebSocketOptions#closeTimeout()}. If the WebSocket does not
     * move after all, it goes on here until its Close, so do not give away here what it needs for that.
     *
     * @param listener of the WebSocket
     * @return empty if this session cannot move; it gets its Close then
     */
    Optional<byte[]> save(WebSocket.Listener listener);

    /**
     * The listener that goes on with a session of another process. The WebSocket may yet stay there, so nothing else happens
     * here. Must not block.
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
}
