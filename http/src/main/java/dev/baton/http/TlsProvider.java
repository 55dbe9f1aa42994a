package dev.baton.http;

/** Which implementation of TLS serves a certificate from PEM files ({@link TlsOptions}). */
public enum TlsProvider {
    /** OpenSSL if it can be loaded, else the JDK's, with a line in the log. */
    AUTO,
    /**
     * OpenSSL (BoringSSL, from netty-tcnative): its session tickets are valid in all generations, so that clients resume
     * their sessions after a restart.
     */
    OPENSSL,
    /** The JDK's, which needs no native library. After a restart every client makes one full handshake. */
    JDK
}
