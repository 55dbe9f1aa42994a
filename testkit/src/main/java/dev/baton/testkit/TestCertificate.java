package dev.baton.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A self-signed certificate for {@code localhost} and {@code 127.0.0.1} with its private key, made when it is asked for by
 * the JDK's own {@code keytool}, in about a second. Each has a serial number of its own.
 *
 * @param certificate what a client trusts
 * @param key its private key
 */
public record TestCertificate(X509Certificate certificate, PrivateKey key) {
    private static final char[] PASSWORD = "changeit".toCharArray();

    /** A certificate with an elliptic curve key that is valid now. */
    public static TestCertificate create() throws IOException, InterruptedException {
        return create("EC", "-1H", 30);
    }

    /**
     * A certificate of choice.
     *
     * @param algorithm of the key: {@code EC}, {@code RSA} or {@code Ed25519}
     * @param start from when it is valid, as {@code keytool -startdate} takes it: {@code -1H}, {@code +2d}
     * @param days for how long
     * @throws IOException if {@code keytool} fails; the message is its output
     */
    public static TestCertificate create(String algorithm, String start, int days)
            throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("baton-certificate");
        Path store = directory.resolve("store.p12");
        try {
            keytool(store, algorithm, start, days);
            KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD);
            return new TestCertificate(
                    (X509Certificate) keys.getCertificate("test"), (PrivateKey) keys.getKey("test", PASSWORD));
        } catch (GeneralSecurityException e) {
            throw new IOException("the certificate of keytool cannot be read", e);
        } finally {
            Files.deleteIfExists(store);
            Files.delete(directory);
        }
    }

    private static void keytool(Path store, String algorithm, String start, int days)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair"));
        command.addAll(List.of("-alias", "test", "-keyalg", algorithm, "-dname", "CN=localhost"));
        command.addAll(List.of("-ext", "san=dns:localhost,ip:127.0.0.1", "-storetype", "PKCS12"));
        command.addAll(List.of("-startdate", start, "-validity", Integer.toString(days)));
        command.addAll(List.of("-keystore", store.toString(), "-storepass", new String(PASSWORD)));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output;
        try (InputStream out = process.getInputStream()) {
            output = new String(out.readAllBytes(), StandardCharsets.UTF_8);
        }
        if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IOException("keytool failed: " + output);
        }
    }

    /** The certificate in PEM. */
    public String certificatePem() {
        try {
            return pem("CERTIFICATE", certificate.getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The private key in PEM, as PKCS#8. */
    public String keyPem() {
        return pem("PRIVATE KEY", key.getEncoded());
    }

    /** Any DER in PEM. */
    public static String pem(String label, byte[] der) {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
    }

    /** For a server that shows this certificate. */
    public SSLContext serverContext() throws GeneralSecurityException, IOException {
        KeyStore keys = emptyStore();
        keys.setKeyEntry("test", key, PASSWORD, new X509Certificate[] {certificate});
        KeyManagerFactory keyManagers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keyManagers.init(keys, PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keyManagers.getKeyManagers(), null, null);
        return context;
    }

    /** For a client that trusts this certificate and no other. */
    public SSLContext clientContext() throws GeneralSecurityException, IOException {
        KeyStore trusted = emptyStore();
        trusted.setCertificateEntry("test", certificate);
        TrustManagerFactory trustManagers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trustManagers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trustManagers.getTrustManagers(), null);
        return context;
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }
}
