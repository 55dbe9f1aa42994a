package dev.baton.http;

import java.nio.file.Path;
import java.util.Objects;

/**
 * A certificate from PEM files, for {@link BatonHttpsServer#create(HttpServerOptions, TlsOptions)}. TLS 1.3 and 1.2 are
 * spoken, with Netty's choice of ciphers. The files are read when the server is created: a restart picks up what has been
 * renewed.
 *
 * @param certificate the file of the server's certificate, followed by those of its issuers but for the root
 *     ({@code --tls-cert})
 * @param key the file of its private key, not encrypted: PKCS#8, or the older forms for RSA (PKCS#1) and elliptic curves
 *     (SEC 1) ({@code --tls-key})
 * @param provider which implementation of TLS is used; by default {@link TlsProvider#AUTO} ({@code --tls-provider})
 */
public record TlsOptions(Path certificate, Path key, TlsProvider provider) {

    public TlsOptions {
        Objects.requireNonNull(certificate);
        Objects.requireNonNull(key);
        Objects.requireNonNull(provider);
    }

    /** With the default provider. */
    public static TlsOptions of(Path certificate, Path key) {
        return new TlsOptions(certificate, key, TlsProvider.AUTO);
    }
}
