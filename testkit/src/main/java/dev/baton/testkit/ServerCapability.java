package dev.baton.testkit;

/** What not every server can do; the rules of {@link GracefulServerContract} about it are skipped for those that cannot. */
public enum ServerCapability {
    /** The application can take a connection: {@link ContractExchange#hijack()}. */
    HIJACK,
    /** A connection that was taken lives on when the server is closed, as in Go: not so where the server's threads serve it. */
    HIJACKED_OUTLIVES_CLOSE,
    /**
     * The bytes that are counted for a connection are those that {@link StrictConnection} counts. Not so with TLS, where
     * the server counts what is on the wire.
     */
    EXACT_BYTE_COUNTS,
    /** After the end, attempts to serve again fail with an exception of a type of their own. */
    TYPED_END
}
