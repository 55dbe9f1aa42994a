package dev.baton.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * {@code struct sockaddr} of ip(7), ipv6(7) and unix(7), from and to Java's addresses.
 *
 * <pre>
 *   sockaddr_in    family:2 port:2be address:4            zero:8
 *   sockaddr_in6   family:2 port:2be flowinfo:4 address:16 scope:4
 *   sockaddr_un    family:2 path:108, zero-terminated; a first byte of zero: abstract, all bytes count
 * </pre>
 */
final class SocketAddresses {
    /** The size of {@code sockaddr_un}, the largest of the three. */
    static final int MAX_SIZE = 110;

    private static final int MAX_PATH = 108;
    private static final int NO_SCOPE = -1;
    private static final ValueLayout.OfShort PORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private SocketAddresses() {}

    static int family(SocketAddress address) {
        return switch (address) {
            case UnixDomainSocketAddress _ -> Libc.AF_UNIX;
            case InetSocketAddress inet when inet.getAddress() instanceof Inet6Address -> Libc.AF_INET6;
            case InetSocketAddress _ -> Libc.AF_INET;
            default -> throw new IllegalArgumentException("not an IP or Unix-domain address: " + address);
        };
    }

    /**
     * The address in the kernel's form, in a segment of exactly its size.
     *
     * <p>A Unix path that begins with {@code @} is an abstract name, as systemd writes it in {@code NOTIFY_SOCKET}.
     */
    static MemorySegment encode(Arena arena, SocketAddress address) {
        return switch (address) {
            case UnixDomainSocketAddress unix ->
                encodeUnix(arena, unix.getPath().toString());
            case InetSocketAddress inet -> encodeInet(arena, inet);
            default -> throw new IllegalArgumentException("not an IP or Unix-domain address: " + address);
        };
    }

    private static MemorySegment encodeUnix(Arena arena, String path) {
        byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        if (bytes.length >= MAX_PATH) {
            throw new IllegalArgumentException("the path of a Unix socket must be shorter than " + MAX_PATH
                    + " bytes, and this has " + bytes.length + ": " + path);
        }
        boolean isAbstract = path.startsWith("@");
        MemorySegment segment = arena.allocate(2 + bytes.length + (isAbstract ? 0 : 1), 2);
        segment.set(ValueLayout.JAVA_SHORT, 0, (short) Libc.AF_UNIX);
        MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, 2, bytes.length);
        if (isAbstract) {
            segment.set(ValueLayout.JAVA_BYTE, 2, (byte) 0);
        }
        return segment;
    }

    private static MemorySegment encodeInet(Arena arena, InetSocketAddress inet) {
        byte[] bytes = inet.getAddress().getAddress();
        boolean v6 = inet.getAddress() instanceof Inet6Address;
        MemorySegment segment = arena.allocate(v6 ? 28 : 16, 4);
        segment.set(ValueLayout.JAVA_SHORT, 0, (short) (v6 ? Libc.AF_INET6 : Libc.AF_INET));
        segment.set(PORT, 2, (short) inet.getPort());
        MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, v6 ? 8 : 4, bytes.length);
        if (inet.getAddress() instanceof Inet6Address address6) {
            segment.set(ValueLayout.JAVA_INT, 24, address6.getScopeId());
        }
        return segment;
    }

    /** The address that the kernel wrote into the first {@code length} bytes. */
    static SocketAddress decode(MemorySegment segment, int length) throws UnknownHostException {
        int family = segment.get(ValueLayout.JAVA_SHORT, 0);
        return switch (family) {
            case Libc.AF_UNIX -> UnixDomainSocketAddress.of(path(segment.asSlice(2, Math.max(0, length - 2))));
            case Libc.AF_INET -> new InetSocketAddress(InetAddress.getByAddress(bytes(segment, 4, 4)), port(segment));
            case Libc.AF_INET6 ->
                new InetSocketAddress(
                        inet6(bytes(segment, 8, 16), segment.get(ValueLayout.JAVA_INT, 24)), port(segment));
            default -> throw new IllegalArgumentException("not an IP or Unix-domain address: family " + family);
        };
    }

    /**
     * The kernel's scope 0 is no scope: Java would write an address that has one as {@code ::1%0}. Unlike
     * {@code InetAddress.getByAddress}, this leaves an IPv4-mapped address what it is, one of IPv6.
     */
    private static Inet6Address inet6(byte[] address, int scope) throws UnknownHostException {
        return Inet6Address.getByAddress(null, address, scope == 0 ? NO_SCOPE : scope);
    }

    private static int port(MemorySegment segment) {
        return Short.toUnsignedInt(segment.get(PORT, 2));
    }

    private static byte[] bytes(MemorySegment segment, long offset, long length) {
        return segment.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
    }

    private static String path(MemorySegment path) {
        byte[] bytes = path.toArray(ValueLayout.JAVA_BYTE);
        if (bytes.length > 0 && bytes[0] == 0) {
            bytes[0] = '@';
        }
        int end = 0;
        while (end < bytes.length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }
}
