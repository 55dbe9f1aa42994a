package dev.baton;

/** The peer said nothing in time; it may be frozen. */
final class SilenceException extends ProtocolException {
    private static final long serialVersionUID = 1;

    SilenceException() {
        super("it said nothing in time");
    }
}
