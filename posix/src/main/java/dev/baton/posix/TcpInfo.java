package dev.baton.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Optional;

/**
 * What the kernel knows of a TCP connection: TCP_INFO of tcp(7), whose struct is in {@code linux/tcp.h}.
 *
 * @param open whether this side has not closed it: a listener is not open, nor a socket that was never connected
 * @param received how many bytes the peer has sent
 * @param sent how many bytes were sent to it
 * @param sinceReceived how long ago it last sent something; since it was accepted if it has not
 * @param sinceSent how long ago something was last sent to it; since it was accepted if nothing was
 * @param sending whether there is something that was to be sent and that the peer has not confirmed
 */
public record TcpInfo(
        boolean open, long received, long sent, Duration sinceReceived, Duration sinceSent, boolean sending) {
    private static final int SIZE = 256;
    private static final int ESTABLISHED = 1;
    private static final int CLOSE_WAIT = 8;

    /** Empty if the descriptor is not a TCP socket, or closed. */
    public static Optional<TcpInfo> of(int descriptor) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(SIZE, 8);
            Sockets.getOption(descriptor, Libc.IPPROTO_TCP, Libc.TCP_INFO, arena, info);
            int state = info.get(ValueLayout.JAVA_BYTE, 0);
            return Optional.of(new TcpInfo(
                    state == ESTABLISHED || state == CLOSE_WAIT,
                    info.get(ValueLayout.JAVA_LONG, 128),
                    info.get(ValueLayout.JAVA_LONG, 200),
                    millis(info, 52),
                    millis(info, 44),
                    info.get(ValueLayout.JAVA_INT, 24) != 0 || info.get(ValueLayout.JAVA_INT, 144) != 0));
        } catch (PosixException e) {
            return switch (e.errno()) {
                case EBADF, ENOTSOCK, ENOPROTOOPT, EOPNOTSUPP -> Optional.empty();
                default -> throw e;
            };
        }
    }

    private static Duration millis(MemorySegment info, long offset) {
        return Duration.ofMillis(Integer.toUnsignedLong(info.get(ValueLayout.JAVA_INT, offset)));
    }
}
