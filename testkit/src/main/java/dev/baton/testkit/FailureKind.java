package dev.baton.testkit;

import java.util.Locale;

/** What went wrong with a request, as its client saw it. */
public enum FailureKind {
    /** The connection was not accepted. */
    REFUSED,
    /** The connection was reset, at whatever point. */
    RESET,
    /** The connection ended before the first byte of the response. */
    EMPTY_REPLY,
    /** The connection ended within the response. */
    TRUNCATED,
    /** The response was whole, and its body was not the expected one. */
    WRONG_BODY,
    /** The response was whole, and its status was 400 to 499. */
    CLIENT_ERROR,
    /** The response was whole, and its status was 500 to 599. */
    SERVER_ERROR,
    /** The response was not whole in time. */
    TIMED_OUT,
    /** Anything else; the detail of the {@link Failure} says what. */
    OTHER;

    /** The name in reports: lower case, words separated by a space. */
    public String label() {
        return switch (this) {
            case CLIENT_ERROR -> "4xx";
            case SERVER_ERROR -> "5xx";
            default -> name().toLowerCase(Locale.ROOT).replace('_', ' ');
        };
    }
}
