package dev.baton.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.SocketAddress;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Messages with descriptors over a Unix socket: sendmsg(2), recvmsg(2), and SCM_RIGHTS of unix(7).
 *
 * <pre>
 *   msghdr    name:8 namelen:4+4 iov:8 iovlen:8 control:8 controllen:8 flags:4+4
 *   iovec     base:8 len:8
 *   cmsghdr   len:8 level:4 type:4, then the descriptors, 4 bytes each, padded to 8
 * </pre>
 */
public final class Messages {
    /** The most descriptors that Baton puts into one message; the kernel's limit is 253 (SCM_MAX_FD). */
    public static final int MAX_DESCRIPTORS = 250;

    private static final int MSGHDR_SIZE = 56;
    private static final int CMSGHDR_SIZE = 16;
    private static final int KERNEL_MAX_DESCRIPTORS = 253;

    /** A control message with {@code struct ucred}, padded. */
    private static final long CREDENTIALS_SIZE = CMSGHDR_SIZE + 16;

    private Messages() {}

    /**
     * Sends one message with descriptors, which stay the caller's.
     *
     * @param wait whether to wait for room in the peer's queue, else {@link Errno#EAGAIN} if there is none
     */
    public static void send(int socket, byte[] payload, int[] descriptors, boolean wait) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            Header header = Header.of(arena, payload);
            header.attach(descriptors);
            int flags = Libc.MSG_NOSIGNAL | (wait ? 0 : Libc.MSG_DONTWAIT);
            Libc.Function.SENDMSG.call(socket, header.segment.address(), flags);
        }
    }

    /**
     * Sends one datagram to an address, with descriptors, which stay the caller's; waits for room in its queue, at most for
     * {@link Sockets#setTimeout}.
     */
    public static void sendTo(int socket, SocketAddress address, byte[] payload, int... descriptors)
            throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            Header header = Header.of(arena, payload);
            header.attach(descriptors);
            MemorySegment name = SocketAddresses.encode(arena, address);
            header.segment.set(ValueLayout.JAVA_LONG, 0, name.address());
            header.segment.set(ValueLayout.JAVA_INT, 8, (int) name.byteSize());
            Libc.Function.SENDMSG.call(socket, header.segment.address(), Libc.MSG_NOSIGNAL);
        }
    }

    /**
     * Receives one message of at most {@code maxBytes}.
     *
     * <p>The control buffer has room for as many descriptors as the kernel lets anybody send, so that none is dropped
     * unseen; what does not fit or could not be installed is reported as {@link ReceivedMessage#truncated()}.
     */
    public static ReceivedMessage receive(int socket, int maxBytes) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            Header header = Header.of(arena, maxBytes);
            MemorySegment control = header.reserveControl(KERNEL_MAX_DESCRIPTORS);
            return header.receive(socket, () -> descriptors(control, header.segment.get(ValueLayout.JAVA_LONG, 40)));
        }
    }

    /** A message, and the process that the kernel names as its sender. */
    public record Signed(ReceivedMessage message, PeerCredentials sender) {}

    /**
     * As {@link #receive}, with the sender of this one message: SCM_CREDENTIALS of unix(7).
     *
     * @param socket one to which {@link Sockets#passCredentials} was applied before the message was sent
     * @throws IllegalStateException if the kernel does not name the sender, because that was not done
     */
    public static Signed receiveSigned(int socket, int maxBytes) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            Header header = Header.of(arena, maxBytes);
            MemorySegment control = header.reserveControl(CREDENTIALS_SIZE, KERNEL_MAX_DESCRIPTORS);
            ReceivedMessage message = header.receive(
                    socket,
                    () -> find(control, header.segment.get(ValueLayout.JAVA_LONG, 40), Libc.SCM_RIGHTS)
                            .map(rights -> rights.toArray(ValueLayout.JAVA_INT))
                            .orElseGet(() -> new int[0]));
            return find(control, header.segment.get(ValueLayout.JAVA_LONG, 40), Libc.SCM_CREDENTIALS)
                    .map(sender -> new Signed(message, PeerCredentials.of(sender)))
                    .orElseThrow(() -> new IllegalStateException("the kernel does not name the sender"));
        }
    }

    /**
     * As {@link #receive}, from a peer that has no descriptors to give: without room for them the kernel closes what came
     * and says so ({@link ReceivedMessage#truncated()}), and they are at no moment in the table of this process.
     */
    public static ReceivedMessage receiveBytes(int socket, int maxBytes) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            return Header.of(arena, maxBytes).receive(socket, () -> new int[0]);
        }
    }

    /** {@code struct msghdr} with one buffer, and control data if {@link #reserveControl} is called. */
    private record Header(Arena arena, MemorySegment segment, MemorySegment buffer) {
        static Header of(Arena arena, int size) {
            MemorySegment segment = arena.allocate(MSGHDR_SIZE, 8);
            MemorySegment vector = arena.allocate(16, 8);
            MemorySegment buffer = arena.allocate(size, 8);
            vector.set(ValueLayout.JAVA_LONG, 0, buffer.address());
            vector.set(ValueLayout.JAVA_LONG, 8, size);
            segment.set(ValueLayout.JAVA_LONG, 16, vector.address());
            segment.set(ValueLayout.JAVA_LONG, 24, 1);
            return new Header(arena, segment, buffer);
        }

        static Header of(Arena arena, byte[] payload) {
            Header header = of(arena, payload.length);
            MemorySegment.copy(payload, 0, header.buffer, ValueLayout.JAVA_BYTE, 0, payload.length);
            return header;
        }

        ReceivedMessage receive(int socket, Supplier<int[]> descriptors) throws PosixException {
            int length = Libc.Function.RECVMSG.call(socket, segment.address(), Libc.MSG_CMSG_CLOEXEC);
            int flags = segment.get(ValueLayout.JAVA_INT, 48);
            byte[] payload = buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
            boolean truncated = (flags & (Libc.MSG_TRUNC | Libc.MSG_CTRUNC)) != 0;
            return new ReceivedMessage(payload, descriptors.get(), truncated);
        }

        void attach(int... descriptors) {
            if (descriptors.length > 0) {
                MemorySegment control = reserveControl(descriptors.length);
                control.set(ValueLayout.JAVA_LONG, 0, CMSGHDR_SIZE + 4L * descriptors.length);
                control.set(ValueLayout.JAVA_INT, 8, Libc.SOL_SOCKET);
                control.set(ValueLayout.JAVA_INT, 12, Libc.SCM_RIGHTS);
                MemorySegment.copy(descriptors, 0, control, ValueLayout.JAVA_INT, CMSGHDR_SIZE, descriptors.length);
            }
        }

        MemorySegment reserveControl(int descriptors) {
            return reserveControl(0, descriptors);
        }

        /** For descriptors, and so many bytes of other control data besides. */
        MemorySegment reserveControl(long more, int descriptors) {
            MemorySegment control = arena.allocate(more + aligned(CMSGHDR_SIZE + 4L * descriptors), 8);
            segment.set(ValueLayout.JAVA_LONG, 32, control.address());
            segment.set(ValueLayout.JAVA_LONG, 40, control.byteSize());
            return control;
        }
    }

    private static long aligned(long size) {
        return (size + 7) & ~7L;
    }

    /** The data of the first control message of this type, of those that the kernel has written. */
    private static Optional<MemorySegment> find(MemorySegment control, long length, int type) {
        for (long at = 0; at + CMSGHDR_SIZE <= length; ) {
            long size = control.get(ValueLayout.JAVA_LONG, at);
            if (control.get(ValueLayout.JAVA_INT, at + 8) == Libc.SOL_SOCKET
                    && control.get(ValueLayout.JAVA_INT, at + 12) == type) {
                return Optional.of(control.asSlice(at + CMSGHDR_SIZE, size - CMSGHDR_SIZE));
            }
            at += aligned(size);
        }
        return Optional.empty();
    }

    private static int[] descriptors(MemorySegment control, long length) {
        if (length < CMSGHDR_SIZE
                || control.get(ValueLayout.JAVA_INT, 8) != Libc.SOL_SOCKET
                || control.get(ValueLayout.JAVA_INT, 12) != Libc.SCM_RIGHTS) {
            return new int[0];
        }
        long bytes = control.get(ValueLayout.JAVA_LONG, 0) - CMSGHDR_SIZE;
        return control.asSlice(CMSGHDR_SIZE, bytes).toArray(ValueLayout.JAVA_INT);
    }
}
