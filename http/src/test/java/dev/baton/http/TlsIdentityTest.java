package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.testkit.TestCertificate;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.interfaces.ECPrivateKey;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HexFormat;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Certificates and keys in PEM files: what is understood, and what is said of the rest. */
final class TlsIdentityTest {
    @TempDir
    private Path directory;

    private TlsOptions files(String certificate, String key) throws IOException {
        return TlsOptions.of(
                Files.writeString(directory.resolve("cert.pem"), certificate),
                Files.writeString(directory.resolve("key.pem"), key));
    }

    private static TlsIdentity read(TlsOptions options) throws TlsException {
        return TlsIdentity.read(options, InstantSource.system());
    }

    @Test
    void aKeyInPkcs8IsRead() throws Exception {
        TestCertificate made = HttpsServerTest.certificate();

        TlsIdentity identity = read(files("comment - with a hyphen\n" + made.certificatePem(), made.keyPem()));
        assertThat(identity.key()).isEqualTo(made.key());
        assertThat(identity.chain()).containsExactly(made.certificate());
    }

    @Test
    void anRsaKeyInPkcs1IsRead() throws Exception {
        TestCertificate made = TestCertificate.create("RSA", "-1H", 30);
        byte[] pkcs8 = made.key().getEncoded();
        // SEQUENCE, version, algorithm and OCTET STRING take 26 bytes in front of what was there before PKCS#8.
        byte[] pkcs1 = Arrays.copyOfRange(pkcs8, 26, pkcs8.length);

        assertThat(read(files(made.certificatePem(), TestCertificate.pem("RSA PRIVATE KEY", pkcs1)))
                        .key())
                .isEqualTo(made.key());
    }

    @Test
    void anEllipticCurveKeyInSec1IsRead() throws Exception {
        TestCertificate made = HttpsServerTest.certificate();
        byte[] sec1 = sec1((ECPrivateKey) made.key());
        String parameters = TestCertificate.pem("EC PARAMETERS", HexFormat.of().parseHex("06082a8648ce3d030107"));

        TlsOptions files = files(made.certificatePem(), parameters + TestCertificate.pem("EC PRIVATE KEY", sec1));
        assertThat(((ECPrivateKey) read(files).key()).getS()).isEqualTo(((ECPrivateKey) made.key()).getS());
    }

    /** With the OBJECT IDENTIFIER of the curve that keytool chooses, secp384r1, and without the public key. */
    private static byte[] sec1(ECPrivateKey key) {
        byte[] secret = new byte[48];
        byte[] value = key.getS().toByteArray();
        int skip = Math.max(0, value.length - secret.length);
        System.arraycopy(value, skip, secret, secret.length - value.length + skip, value.length - skip);
        ByteArrayOutputStream der = new ByteArrayOutputStream();
        der.writeBytes(HexFormat.of().parseHex("303e0201010430"));
        der.writeBytes(secret);
        der.writeBytes(HexFormat.of().parseHex("a00706052b81040022"));
        return der.toByteArray();
    }

    @Test
    void aMissingFileIsNamed() throws Exception {
        TestCertificate made = HttpsServerTest.certificate();
        TlsOptions files = files(made.certificatePem(), made.keyPem());
        Files.delete(files.key());
        assertRefused(() -> read(files), "the key file " + files.key() + " does not exist");
        Files.delete(files.certificate());
        assertRefused(() -> read(files), "the certificate file " + files.certificate() + " does not exist");
    }

    @Test
    void aFileThatHoldsSomethingElseIsNamed() throws Exception {
        TestCertificate made = HttpsServerTest.certificate();
        assertRefused(() -> read(files("hello", made.keyPem())), "holds no certificate in PEM");
        assertRefused(() -> read(files(made.certificatePem(), made.certificatePem())), "holds no private key in PEM");
        assertRefused(() -> read(files(made.keyPem(), made.keyPem())), "holds no certificate in PEM");
        assertRefused(
                () -> read(files(TestCertificate.pem("CERTIFICATE", new byte[40]), made.keyPem())),
                "certificate 1 in",
                "cannot be understood");
        assertRefused(() -> read(files(made.certificatePem().replace("MII", "M*I"), made.keyPem())), "is damaged");
        assertRefused(
                () -> read(files(made.certificatePem(), TestCertificate.pem("PRIVATE KEY", new byte[40]))),
                "cannot be understood");
        assertRefused(
                () -> read(files(made.certificatePem(), TestCertificate.pem("EC PRIVATE KEY", new byte[] {48, 120}))),
                "cannot be understood");
        assertRefused(
                () -> read(files(made.certificatePem(), TestCertificate.pem("DSA PRIVATE KEY", new byte[40]))),
                "DSA PRIVATE KEY, which is not supported");
    }

    @Test
    void anEncryptedKeyIsRefusedWithAWayOut() throws Exception {
        TestCertificate made = HttpsServerTest.certificate();
        String pkcs8 = TestCertificate.pem("ENCRYPTED PRIVATE KEY", new byte[40]);
        String old = made.keyPem()
                .replace(
                        "PRIVATE KEY-----\n",
                        "RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n")
                .replace("END PRIVATE", "END RSA PRIVATE");
        assertRefused(() -> read(files(made.certificatePem(), pkcs8)), "is encrypted", "openssl pkey");
        assertRefused(() -> read(files(made.certificatePem(), old)), "is encrypted", "openssl pkey");
    }

    @Test
    void aKeyOfAnotherCertificateIsRefused() throws Exception {
        TestCertificate made = HttpsServerTest.certificate();
        TestCertificate other = TestCertificate.create();
        TestCertificate ofAnotherKind = TestCertificate.create("RSA", "-1H", 30);
        assertRefused(() -> read(files(made.certificatePem(), other.keyPem())), "does not belong to");
        assertRefused(() -> read(files(made.certificatePem(), ofAnotherKind.keyPem())), "does not belong to");
    }

    @Test
    void anExpiredCertificateIsServed() throws Exception {
        TestCertificate expired = TestCertificate.create("EC", "-3d", 1);
        assertThat(read(files(expired.certificatePem(), expired.keyPem())).chain())
                .containsExactly(expired.certificate());
    }

    private static void assertRefused(ThrowingCallable reading, String... message) {
        assertThatThrownBy(reading)
                .isInstanceOf(TlsException.class)
                .hasMessageContainingAll(message)
                .hasMessageNotContaining("\n");
    }
}
