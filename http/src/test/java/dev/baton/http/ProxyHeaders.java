package dev.baton.http;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Headers of the PROXY protocol, made by the letter of the specification, section 2. */
final class ProxyHeaders {
    static final int LOCAL = 0x20;
    static final int PROXY = 0x21;
    static final int UNSPEC = 0;
    static final int TCP4 = 0x11;
    static final int TCP6 = 0x21;
    static final int UNIX = 0x31;
    private static final byte[] SIGNATURE = {13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10};

    private ProxyHeaders() {}

    static byte[] v1(String line) {
        return ("PROXY " + line + "\r\n").getBytes(StandardCharsets.US_ASCII);
    }

    static byte[] v2(int versionAndCommand, int family, byte[] block) {
        return ByteBuffer.allocate(16 + block.length)
                .put(SIGNATURE)
                .put((byte) versionAndCommand)
                .put((byte) family)
                .putShort((short) block.length)
                .put(block)
                .array();
    }

    /** The block of addresses of one family, and extensions behind it. */
    static byte[] addresses(String source, int sourcePort, String destination, int port, byte... extensions)
            throws UnknownHostException {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        block.writeBytes(InetAddress.getByName(source).getAddress());
        block.writeBytes(InetAddress.getByName(destination).getAddress());
        block.writeBytes(ByteBuffer.allocate(4)
                .putShort((short) sourcePort)
                .putShort((short) port)
                .array());
        block.writeBytes(extensions);
        return block.toByteArray();
    }

    /** An extension of a type that is for applications' use, of this length with its own head of 3 bytes. */
    static byte[] extension(int length) {
        return ByteBuffer.allocate(length)
                .put((byte) 0xe0)
                .putShort((short) (length - 3))
                .array();
    }
}
