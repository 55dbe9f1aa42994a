package dev.baton.cli;

/** The exit statuses of all commands; docs/commands.md says what each means. */
final class ExitStatus {
    static final int OK = 0;
    static final int FAILED = 1;
    static final int CANNOT_RUN = 2;
    static final int IN_PROGRESS = 3;
    static final int NO_SERVICE = 4;
    static final int NO_ANSWER = 5;

    private ExitStatus() {}
}
