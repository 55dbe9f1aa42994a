package dev.baton;

import java.io.IOException;

/** The peer of a handoff said something that the protocol does not allow; the connection to it is of no more use. */
sealed class ProtocolException extends IOException permits SilenceException {
    private static final long serialVersionUID = 1L;

    ProtocolException(String message) {
        super(message);
    }
}
