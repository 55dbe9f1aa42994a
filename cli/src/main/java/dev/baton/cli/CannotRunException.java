package dev.baton.cli;

/** The command cannot do what it was asked to; the message says in one line why, and what to do. */
final class CannotRunException extends Exception {
    private static final long serialVersionUID = 1L;

    CannotRunException(String message) {
        super(message);
    }

    /** Whose message already says what to do. */
    CannotRunException(Throwable cause) {
        super(cause.getMessage() == null ? cause.toString() : cause.getMessage(), cause);
    }

    CannotRunException(String message, Throwable cause) {
        super(message, cause);
    }
}
