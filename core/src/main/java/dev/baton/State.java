package dev.baton;

/**
 * What a generation is doing.
 *
 * <pre>
 *   STARTING --ready--> SERVING --restart--> UPGRADING --switch--> PARKED --drained--> RETIRED
 *      |                 |   ^                |   |                  :                   ^
 *      |                 |   +----failed------+   |                  : undo, to SERVING  |
 *      |                 |   ^..................................... .:                   |
 *      |                 +---------stop-----------+----> STOPPING -------drained---------+
 *      +-----------------------stop------------------------------------------------------+
 * </pre>
 *
 * The dotted move belongs to the undo window: it is legal, and nothing makes it while the window is not open.
 */
public enum State {
    /** The program starts; it may have claimed listeners, but accepts nothing. */
    STARTING,
    /** Accepts; no successor. */
    SERVING,
    /** Accepts, while a successor starts. */
    UPGRADING,
    /** The successor accepts; this generation finishes what it had begun. */
    PARKED,
    /** The service ends; this generation finishes what it had begun. */
    STOPPING,
    /** Everything is finished or cut; {@code main} may return. Terminal. */
    RETIRED;

    /** Whether a generation in this state may go to {@code next}. */
    public boolean canBecome(State next) {
        return switch (this) {
            case STARTING -> next == SERVING || next == RETIRED;
            case SERVING -> next == UPGRADING || next == STOPPING;
            case UPGRADING -> next == SERVING || next == PARKED || next == STOPPING;
            case PARKED -> next == SERVING || next == RETIRED;
            case STOPPING -> next == RETIRED;
            case RETIRED -> false;
        };
    }
}
