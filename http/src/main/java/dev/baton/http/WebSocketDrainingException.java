package dev.baton.http;

import dev.baton.drain.DrainReason;
import java.io.IOException;

/**
 * A message was not sent because the WebSocket is about to be closed by a restart or a stop. Nothing of it was sent: send it
 * to the client when it has connected again.
 */
public final class WebSocketDrainingException extends IOException {
    private static final long serialVersionUID = 1L;

    private final DrainReason reason;

    WebSocketDrainingException(DrainReason reason) {
        super("the WebSocket begins no new message: the server "
                + (reason == DrainReason.STOPPED ? "stops" : "restarts"));
        this.reason = reason;
    }

    /** Why the WebSocket ends. */
    public DrainReason reason() {
        return reason;
    }
}
