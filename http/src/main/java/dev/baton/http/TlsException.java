package dev.baton.http;

import java.io.IOException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** A certificate or its key cannot be used. The message is one line that names the file and says what to do. */
public final class TlsException extends IOException {
    @Serial
    private static final long serialVersionUID = 1L;

    TlsException(String message) {
        super(message);
    }

    TlsException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
