package dev.baton.cli;

/** The exit statuses of all commands. */
final class ExitStatus {
    static final int OK = 0;
    static final int FAILED = 1;
    static final int CANNOT_RUN = 2;

    private ExitStatus() {}
}
