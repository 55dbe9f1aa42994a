package dev.baton;

/** The way of connections to another generation. Safe for use by any thread; no method waits. */
public interface Migration {
    /** The most bytes of {@link MovableConnection.Frozen#state()}. */
    int MAX_STATE_BYTES = 64 * 1024;

    /** Whether connections can still be moved. Once false it stays so until the next {@code migrate}. */
    boolean isOpen();

    /**
     * Asks for a connection to be moved as soon as there is room: so many only are frozen at a time that none is for
     * longer than the other process needs for those before it.
     */
    void request(MovableConnection connection);
}
