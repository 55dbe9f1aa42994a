package dev.baton.http;

import dev.baton.drain.DrainReason;
import java.io.IOException;
import java.util.Optional;

/** An event was not sent because the stream has ended; its client will ask for it when it has connected again. */
public final class EventStreamEndedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient Optional<DrainReason> reason;

    EventStreamEndedException(Optional<DrainReason> reason) {
        super("the event was not sent: the stream has ended"
                + reason.map(why -> why == DrainReason.STOPPED ? ", the server stops" : ", the server restarts")
                        .orElse(""));
        this.reason = reason;
    }

    /** Why the server has ended it; empty if the application has closed it, or the client has gone. */
    public Optional<DrainReason> reason() {
        return reason;
    }
}
