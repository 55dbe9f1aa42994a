package dev.baton.testkit;

/** How a request ended: an {@link Answer} or a {@link Failure}. */
public sealed interface Outcome permits Answer, Failure {}
