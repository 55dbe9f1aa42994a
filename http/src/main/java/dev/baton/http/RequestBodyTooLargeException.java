package dev.baton.http;

import java.io.IOException;

/**
 * A request's body is larger than the server allows; thrown to the handler that reads it. If the handler lets it through
 * and nothing of the response was sent, the client gets 413 (Content Too Large).
 *
 * <p>A body whose announced length is too large is refused before the handler is called; this is for one that announces
 * none.
 */
public final class RequestBodyTooLargeException extends IOException {
    private static final long serialVersionUID = 1L;

    private final long limit;

    RequestBodyTooLargeException(long limit) {
        super("the request body is larger than " + limit + " bytes (option maxRequestBody)");
        this.limit = limit;
    }

    /** {@link HttpServerOptions#maxRequestBody()}, in bytes. */
    public long limit() {
        return limit;
    }
}
