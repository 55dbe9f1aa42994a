package dev.baton.drain;

/**
 * What a connection is doing: the states of Go's {@code net/http.ConnState}.
 *
 * <pre>
 *   NEW ---> ACTIVE <---> IDLE          HIJACKED and CLOSED are terminal
 *     \________|  \________|____> HIJACKED
 *               \__________|____> CLOSED
 * </pre>
 */
public enum ConnectionState {
    /** Accepted; no byte has come yet. */
    NEW,
    /** From the first byte of a request to the last byte of its response (HTTP/2: from the first open stream to the last). */
    ACTIVE,
    /** Kept alive, with nothing outstanding. */
    IDLE,
    /** The application took the socket: WebSocket, CONNECT, raw. Terminal. */
    HIJACKED,
    /** Terminal. */
    CLOSED;

    /** Whether this is the last state of a connection. */
    public boolean isTerminal() {
        return this == HIJACKED || this == CLOSED;
    }

    /** Whether a connection in this state may go to {@code next}. */
    public boolean canBecome(ConnectionState next) {
        return switch (this) {
            case NEW -> next == ACTIVE || next == CLOSED;
            case ACTIVE -> next == IDLE || next == HIJACKED || next == CLOSED;
            case IDLE -> next == ACTIVE || next == HIJACKED || next == CLOSED;
            case HIJACKED, CLOSED -> false;
        };
    }
}
