package dev.baton.http;

import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/**
 * Reads private keys from PEM. The JDK reads PKCS#8 alone; the two older forms are the inner part of it, so they are put
 * into the envelope that names their algorithm.
 */
final class PrivateKeys {
    private static final List<String> ALGORITHMS = List.of("RSA", "EC");

    /** {@code SEQUENCE { OBJECT IDENTIFIER rsaEncryption, NULL }} (RFC 8017, appendix A.1). */
    private static final byte[] RSA = HexFormat.of().parseHex("300d06092a864886f70d0101010500");

    /** {@code OBJECT IDENTIFIER id-ecPublicKey} (RFC 5480); the curve follows. */
    private static final byte[] EC = HexFormat.of().parseHex("06072a8648ce3d0201");

    private static final byte[] VERSION_0 = {2, 1, 0};
    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 0x04;
    private static final int CURVE = 0xA0;

    private PrivateKeys() {}

    /** Gives the first private key of a file. */
    static PrivateKey read(Path file) throws TlsException {
        for (PemFile.Block block : PemFile.read(file, "key")) {
            if (block.label().endsWith("PRIVATE KEY")) {
                return read(file, block);
            }
        }
        throw new TlsException("the key file " + file + " holds no private key in PEM; name the one that does");
    }

    private static PrivateKey read(Path file, PemFile.Block block) throws TlsException {
        if (block.encrypted()) {
            throw new TlsException("the key in " + file
                    + " is encrypted, and nobody is there to give its password; decrypt it, with openssl pkey");
        }
        try {
            byte[] pkcs8 = switch (block.label()) {
                case "PRIVATE KEY" -> block.der();
                case "RSA PRIVATE KEY" -> element(SEQUENCE, VERSION_0, RSA, element(OCTET_STRING, block.der()));
                case "EC PRIVATE KEY" -> ofEllipticCurve(block.der());
                default ->
                    throw new TlsException("the key in " + file + " is a " + block.label()
                            + ", which is not supported; use an RSA or EC key");
            };
            return decode(pkcs8);
        } catch (GeneralSecurityException | IndexOutOfBoundsException e) {
            throw new TlsException("the key in " + file + " cannot be understood; is it a whole RSA or EC key?", e);
        }
    }

    private static PrivateKey decode(byte[] pkcs8) throws GeneralSecurityException {
        GeneralSecurityException last = new GeneralSecurityException("no algorithm");
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (GeneralSecurityException e) {
                last = e;
            }
        }
        throw last;
    }

    /**
     * {@code ECPrivateKey ::= SEQUENCE { version, privateKey OCTET STRING, [0] curve OPTIONAL, ... }} (RFC 5915); the curve
     * is an OBJECT IDENTIFIER.
     */
    private static byte[] ofEllipticCurve(byte[] der) throws GeneralSecurityException {
        int at = contentOf(der, 0);
        at = endOf(der, at); // version
        at = endOf(der, at); // private key
        if (at >= der.length || (der[at] & 0xFF) != CURVE) {
            throw new GeneralSecurityException("the key does not name its curve");
        }
        byte[] curve = Arrays.copyOfRange(der, contentOf(der, at), endOf(der, at));
        return element(SEQUENCE, VERSION_0, element(SEQUENCE, EC, curve), element(OCTET_STRING, der));
    }

    /** Where the content of the element at {@code at} begins. */
    private static int contentOf(byte[] der, int at) {
        int length = der[at + 1] & 0xFF;
        return at + 2 + (length < 0x80 ? 0 : length & 0x7F);
    }

    private static int endOf(byte[] der, int at) {
        int content = contentOf(der, at);
        int length = der[at + 1] & 0xFF;
        if (length >= 0x80) {
            length = 0;
            for (int i = at + 2; i < content; i++) {
                length = (length << 8) | (der[i] & 0xFF);
            }
        }
        return Objects.checkFromToIndex(content, content + length, der.length) + length;
    }

    private static byte[] element(int tag, byte[]... parts) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            content.writeBytes(part);
        }
        ByteArrayOutputStream element = new ByteArrayOutputStream();
        element.write(tag);
        int length = content.size();
        if (length < 0x80) {
            element.write(length);
        } else {
            // In as few bytes as hold it; two are enough for every key.
            element.write(length < 0x100 ? 0x81 : 0x82);
            if (length >= 0x100) {
                element.write(length >> 8);
            }
            element.write(length);
        }
        element.writeBytes(content.toByteArray());
        return element.toByteArray();
    }
}
