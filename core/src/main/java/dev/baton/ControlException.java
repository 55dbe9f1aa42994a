package dev.baton;

import java.io.IOException;

/** A generation could not be asked, or did not answer; the message is one line that says so to an operator. */
public final class ControlException extends IOException {
    private static final long serialVersionUID = 1L;

    /** What is wrong. */
    public enum Problem {
        /** There is no process of this pid. */
        NO_SUCH_PROCESS,
        /** There is no control socket at this path: the process is no generation, or has another run directory. */
        NO_SOCKET,
        /** The process that made the socket is dead. */
        DEAD_SOCKET,
        /** The service is another user's. */
        NO_PERMISSION,
        /** The generation is there, and did not answer in time: it is frozen, or busy. What was asked may still be done. */
        NO_ANSWER,
        /** The generation ended, or closed the connection, before it had answered. What was asked may have been done. */
        HUNG_UP,
        /** The generation runs a release of Baton that speaks only other versions of the protocol. */
        OTHER_VERSION,
        /** The answer cannot be understood, or what is at the path is no control socket. */
        NOT_UNDERSTOOD
    }

    private final Problem problem;

    ControlException(Problem problem, String message) {
        super(message);
        this.problem = problem;
    }

    ControlException(Problem problem, String message, Throwable cause) {
        super(message, cause);
        this.problem = problem;
    }

    /** What is wrong, for programs. */
    public Problem problem() {
        return problem;
    }
}
