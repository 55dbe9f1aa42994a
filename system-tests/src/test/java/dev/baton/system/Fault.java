package dev.baton.system;

/** What happens to a process. */
enum Fault {
    /** SIGKILL. */
    KILL,
    /** SIGSTOP, and SIGCONT when every deadline that it could miss is over. */
    FREEZE,
    /** {@code System.exit(3)}: the program ends without a word to Baton. */
    EXIT
}
