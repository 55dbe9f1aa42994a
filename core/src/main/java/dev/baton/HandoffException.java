package dev.baton;

import java.io.IOException;

/** This process could not take over from its parent, which serves on; the message says why. */
public final class HandoffException extends IOException {
    private static final long serialVersionUID = 1L;

    HandoffException(String message) {
        super(message);
    }

    HandoffException(String message, Throwable cause) {
        super(message, cause);
    }
}
