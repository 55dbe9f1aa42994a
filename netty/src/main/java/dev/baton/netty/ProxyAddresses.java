package dev.baton.netty;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** What a header of the PROXY protocol has said; {@link #NONE} if it has named no client. */
record ProxyAddresses(SocketAddress source, SocketAddress destination) {
    static final SocketAddress UNIX = UnixDomainSocketAddress.of("");
    static final ProxyAddresses NONE = new ProxyAddresses(UNIX, UNIX);

    /** Enough for two of the longest. */
    private static final int MAX_BYTES = 2 * (1 + 16 + Short.BYTES);

    /** Whether the header has named no client; two Unix sockets, which have no better names here, are addresses. */
    @SuppressWarnings("ReferenceEquality")
    boolean isNone() {
        return this == NONE;
    }

    /** For another process: each address as its length (0 for a Unix socket), its bytes and its port; nothing for NONE. */
    byte[] encode() {
        ByteBuffer bytes = ByteBuffer.allocate(MAX_BYTES);
        if (!isNone()) {
            put(bytes, source);
            put(bytes, destination);
        }
        byte[] encoded = new byte[bytes.flip().remaining()];
        bytes.get(encoded);
        return encoded;
    }

    private static void put(ByteBuffer bytes, SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            byte[] ip = inet.getAddress().getAddress();
            bytes.put((byte) ip.length).put(ip).putShort((short) inet.getPort());
        } else {
            bytes.put((byte) 0);
        }
    }

    /** Empty if the bytes are not what {@link #encode} gives. */
    static Optional<ProxyAddresses> decode(byte[] encoded) {
        if (encoded.length == 0) {
            return Optional.of(NONE);
        }
        try {
            ByteBuffer bytes = ByteBuffer.wrap(encoded);
            return Optional.of(new ProxyAddresses(get(bytes), get(bytes)));
        } catch (BufferUnderflowException | UnknownHostException _) {
            return Optional.empty();
        }
    }

    private static SocketAddress get(ByteBuffer bytes) throws UnknownHostException {
        int length = bytes.get();
        if (length == 0) {
            return UNIX;
        }
        byte[] ip = new byte[Math.clamp(length, 0, 16)];
        bytes.get(ip);
        return new InetSocketAddress(InetAddress.getByAddress(ip), Short.toUnsignedInt(bytes.getShort()));
    }
}
