package dev.baton.http;

import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/**
 * Who the server says that it is: a private key, and the certificate for it followed by those of its issuers.
 */
record TlsIdentity(PrivateKey key, List<X509Certificate> chain) {

    /**
     * Reads and checks it. A certificate that is not valid at this time is used, with a line in the log: a server that
     * some clients refuse is better than none, and its operator may be about to renew it.
     *
     * @throws TlsException if a file cannot be read or understood, or the key is another certificate's
     */
    static TlsIdentity read(TlsOptions options, InstantSource clock) throws TlsException {
        List<X509Certificate> chain = chain(options.certificate());
        PrivateKey key = PrivateKeys.read(options.key());
        X509Certificate own = chain.getFirst();
        if (!belongTogether(key, own)) {
            throw new TlsException("the key in " + options.key() + " does not belong to the first certificate in "
                    + options.certificate() + ", " + own.getSubjectX500Principal()
                    + "; name the key that it was made with");
        }
        if (clock.instant().isAfter(own.getNotAfter().toInstant())) {
            Log.certificateExpired(options.certificate(), own.getNotAfter().toInstant());
        } else if (clock.instant().isBefore(own.getNotBefore().toInstant())) {
            Log.certificateNotYetValid(options.certificate(), own.getNotBefore().toInstant());
        }
        return new TlsIdentity(key, chain);
    }

    private static List<X509Certificate> chain(Path file) throws TlsException {
        List<X509Certificate> chain = new ArrayList<>();
        for (PemFile.Block block : PemFile.read(file, "certificate")) {
            if (block.label().equals("CERTIFICATE")) {
                try {
                    chain.add((X509Certificate) CertificateFactory.getInstance("X.509")
                            .generateCertificate(new ByteArrayInputStream(block.der())));
                } catch (CertificateException e) {
                    throw new TlsException(
                            "certificate " + (chain.size() + 1) + " in " + file + " cannot be understood; is it whole?",
                            e);
                }
            }
        }
        if (chain.isEmpty()) {
            throw new TlsException(
                    "the certificate file " + file + " holds no certificate in PEM; name the one that does");
        }
        return List.copyOf(chain);
    }

    /** Whether what the one signs the other verifies. */
    private static boolean belongTogether(PrivateKey key, X509Certificate certificate) {
        String algorithm = key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
        byte[] challenge = new byte[32];
        new SecureRandom().nextBytes(challenge);
        try {
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(challenge);
            byte[] signed = signature.sign();
            signature.initVerify(certificate.getPublicKey());
            signature.update(challenge);
            return signature.verify(signed);
        } catch (GeneralSecurityException _) {
            // The one is not even of the other's kind.
            return false;
        }
    }
}
