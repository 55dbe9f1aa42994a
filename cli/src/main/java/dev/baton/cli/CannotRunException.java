package dev.baton.cli;

/** The command cannot do what it was asked to; the message says in one line why, and what to do. */
final class CannotRunException extends Exception {
    private static final long serialVersionUID = 1L;

    private final int status;

    CannotRunException(String message) {
        this(ExitStatus.CANNOT_RUN, message);
    }

    /** With another exit status than {@link ExitStatus#CANNOT_RUN}. */
    CannotRunException(int status, String message) {
        super(message);
        this.status = status;
    }

    /** Whose message already says what to do. */
    CannotRunException(Throwable cause) {
        this(cause.getMessage() == null ? cause.toString() : cause.getMessage(), cause);
    }

    CannotRunException(String message, Throwable cause) {
        super(message, cause);
        this.status = ExitStatus.CANNOT_RUN;
    }

    /** The exit status of the command. */
    int status() {
        return status;
    }
}
