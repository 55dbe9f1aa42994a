package dev.baton.drain;

/** The server was shut down or closed, which is final; to serve again, make a new one. */
public final class ServerClosedException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    /** Says which operation came too late. */
    public ServerClosedException(String operation) {
        super("cannot " + operation + ": the server was shut down, which is final; make a new server to serve again");
    }
}
