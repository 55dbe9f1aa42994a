package dev.baton.spring;

/** The application cannot take part in restarts; the message is one line that says why and what to do. */
final class BatonException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BatonException(String message) {
        super(message);
    }

    BatonException(Throwable cause) {
        super(String.valueOf(cause.getMessage()), cause);
    }
}
