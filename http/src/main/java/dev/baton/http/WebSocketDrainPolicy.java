package dev.baton.http;

/** What a drain does to a WebSocket. */
public enum WebSocketDrainPolicy {
    /**
     * At its turn the WebSocket gets a Close, behind the message that is being sent: 1012 (service restart) when another
     * process serves on, 1001 (going away) when the service stops.
     */
    CLOSE,
    /** It goes on until either side closes it; at the {@code drain-timeout} it gets its Close, and the socket is closed. */
    KEEP_UNTIL_DEADLINE
}
