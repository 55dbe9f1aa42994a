package dev.baton;

/** How an undo ended. */
public sealed interface UndoResult {

    /**
     * The parent accepts again, and the generation that had succeeded it finishes what it has begun and exits.
     *
     * @param generation the number of the generation that serves again
     * @param pid its process
     */
    record Undone(int generation, long pid) implements UndoResult {}

    /** There is no parked parent: nothing was restarted, or the undo window is over; the request had no effect. */
    record NothingToUndo() implements UndoResult {}

    /** Another undo is running; this request had no effect. */
    record AlreadyInProgress() implements UndoResult {}

    /**
     * The parent could not come back; this generation serves on.
     *
     * @param detail why, in one line for people
     */
    record Failed(String detail) implements UndoResult {}
}
