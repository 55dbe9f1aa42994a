package dev.baton.http;

/**
 * The connection of an exchange cannot be taken from HTTP: the exchange is not an HTTP/1.1 exchange of a
 * {@link BatonHttpServer}, or a filter has put a wrapper around it.
 */
public final class NotHijackableException extends UnsupportedOperationException {
    private static final long serialVersionUID = 1L;

    NotHijackableException(String message) {
        super(message);
    }
}
