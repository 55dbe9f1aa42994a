package dev.baton.run;

/** What the supervisor does; {@link Supervisor} draws the moves. */
enum State {
    /** The program was started for the first time and has not served yet. */
    STARTING,
    /** The main process serves, as far as it says. */
    SERVING,
    /** The main process has died, and another of its generations may take its place. */
    ORPHANED,
    /** The main process has died, and the program is started again when the pause is over. */
    PAUSING,
    /** The program was started again and does not serve yet. */
    RESTARTING,
    /** All generations finish, and nothing is started any more. */
    STOPPING,
    /** Nothing is left to wait for. */
    ENDED
}
