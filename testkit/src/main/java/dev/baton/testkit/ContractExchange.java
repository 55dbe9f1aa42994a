package dev.baton.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** One request and its response, as a {@link ContractHandler} sees them; an adapter wraps the server's own. */
public interface ContractExchange {
    /** For {@link #respond(int, long)}: the response says by itself where it ends. */
    long UNKNOWN_LENGTH = -1;

    /** Such as {@code POST}. */
    String method();

    /** The path asked for, without a query. */
    String path();

    /** The request's body. */
    InputStream body();

    /**
     * Begins the response.
     *
     * @param length of the body, or {@link #UNKNOWN_LENGTH}
     * @return the body, whose flush sends what was written, and whose close, by whichever thread, completes the exchange
     */
    OutputStream respond(int status, long length) throws IOException;

    /** A whole response with a text, which completes the exchange. */
    default void respond(int status, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        try (OutputStream out = respond(status, bytes.length)) {
            out.write(bytes);
        }
    }

    /**
     * Answers {@code 101 Switching Protocols} and takes the connection.
     *
     * @throws UnsupportedOperationException if the server does not have {@link ServerCapability#HIJACK}
     */
    default Taken hijack() throws IOException {
        throw new UnsupportedOperationException("the server cannot give a connection away");
    }

    /** A connection that the application has taken, with everything that had been read of it already. */
    record Taken(InputStream in, OutputStream out) {}
}
