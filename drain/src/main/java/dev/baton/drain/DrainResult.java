package dev.baton.drain;

/** How a {@linkplain Connections#drain drain} ended. */
public enum DrainResult {
    /** The last connection has ended. */
    COMPLETED,
    /** The drain was undone by {@link Connections#resume()}. */
    RESUMED
}
