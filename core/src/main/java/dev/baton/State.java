package dev.baton;

/**
 * What a generation is doing.
 *
 * <pre>
 *   STARTING --ready--> SERVING <--restart failed-- UPGRADING
 *      |                 | | | \------restart---------^  | |
 *      |                 | | |                          | |
 *      |                 | | +-undone-------+-----------+ |  switched, or undone
 *      |                 | |                v             |
 *      |                 | +---- undo --- PARKED --window over, drained--> RETIRED
 *      |                 |                                |                 ^  ^
 *      |                 +-----stop--------> STOPPING <---+ ----drained-----+  |
 *      +-----------------------stop--------------------------------------------+
 * </pre>
 *
 * PARKED is reached from both sides: by a parent whose successor accepts ("switched"), and by a successor whose parent
 * accepts again ("undone"). Only the former goes back to SERVING, when its successor fails or somebody asks for it.
 */
public enum State {
    /** The program starts; it may have claimed listeners, but accepts nothing. */
    STARTING,
    /** Accepts; no successor. */
    SERVING,
    /** Accepts, while a successor starts. */
    UPGRADING,
    /** Another generation accepts; this one finishes what it had begun, and during the undo window it can come back. */
    PARKED,
    /** The service ends; this generation finishes what it had begun. */
    STOPPING,
    /** Everything is finished or cut; {@code main} may return. Terminal. */
    RETIRED;

    /** Whether a generation in this state may go to {@code next}. */
    public boolean canBecome(State next) {
        return switch (this) {
            case STARTING -> next == SERVING || next == RETIRED;
            case SERVING -> next == UPGRADING || next == PARKED || next == STOPPING;
            case UPGRADING -> next == SERVING || next == PARKED || next == STOPPING;
            case PARKED -> next == SERVING || next == RETIRED;
            case STOPPING -> next == RETIRED;
            case RETIRED -> false;
        };
    }
}
