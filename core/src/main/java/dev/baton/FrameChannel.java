package dev.baton;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Messages;
import dev.baton.posix.PeerCredentials;
import dev.baton.posix.PosixException;
import dev.baton.posix.ReceivedMessage;
import dev.baton.posix.Sockets;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * A connection between two generations: frames in both directions, with descriptors, over a Unix socket of messages.
 *
 * <p>One thread at a time reads, and that thread closes. Any thread may send, and any thread may {@link #shutdown()},
 * which wakes the reader. The lock keeps the descriptor from being closed, and its number from becoming another file's,
 * while a send or a shutdown uses it: those share the lock, and close has it alone.
 */
final class FrameChannel implements AutoCloseable {
    private static final int[] NONE = {};

    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private final int descriptor;
    private boolean closed;

    /** When all receives together must have ended, for the reading thread; none by default. */
    private OptionalLong deadline = OptionalLong.empty();

    FrameChannel(int descriptor) {
        this.descriptor = descriptor;
    }

    /**
     * Connects to the control socket of another generation. The connect, and until {@link #timeout} says otherwise every
     * receive, waits for {@link Protocol#HANDSHAKE_TIMEOUT} at most: the peer may hang, with a full queue.
     *
     * @throws IllegalArgumentException if the path is too long for a socket
     */
    static FrameChannel connect(Path socket) throws PosixException {
        return connect(socket, Protocol.HANDSHAKE_TIMEOUT);
    }

    /** The same, with another bound. */
    static FrameChannel connect(Path socket, Duration timeout) throws PosixException {
        int descriptor = Sockets.unix(Sockets.Type.SEQPACKET);
        boolean connected = false;
        try {
            // Before connect: for Unix sockets SO_SNDTIMEO bounds it too.
            Sockets.setTimeout(descriptor, timeout);
            Sockets.connect(descriptor, UnixDomainSocketAddress.of(socket));
            connected = true;
            return new FrameChannel(descriptor);
        } finally {
            if (!connected) {
                Descriptors.close(descriptor);
            }
        }
    }

    /** A frame and the descriptors that came with it, which the receiver owns. */
    @SuppressWarnings("ArrayRecordComponent") // Taken apart once, never compared.
    record Received(Frame frame, int[] descriptors) {}

    PeerCredentials peer() throws IOException {
        return Sockets.peerCredentials(descriptor);
    }

    /** Bounds each later receive, and each send that waits; zero: no bound. */
    void timeout(Duration timeout) throws IOException {
        deadline = OptionalLong.empty();
        Sockets.setTimeout(descriptor, timeout);
    }

    /** Bounds each later send that waits. Any thread. */
    void sendTimeout(Duration timeout) throws IOException {
        lock.readLock().lock();
        try {
            if (!closed) {
                Sockets.setSendTimeout(descriptor, timeout);
            }
        } finally {
            lock.readLock().unlock();
        }
    }

    /**
     * Bounds all later receives together, until the next {@link #timeout}: a peer cannot stay by saying, each time just in
     * time, something that is skipped. By the reading thread.
     */
    void deadline(Duration total) {
        deadline = OptionalLong.of(System.nanoTime() + total.toNanos());
    }

    /** Sends without waiting: the peer has read all that came before, so its queue has room. */
    void send(Frame frame) throws IOException {
        send(frame, NONE, false);
    }

    /** Sends with descriptors, which stay the caller's; waits for room. */
    void send(Frame frame, int[] descriptors) throws IOException {
        send(frame, descriptors, true);
    }

    private void send(Frame frame, int[] descriptors, boolean wait) throws IOException {
        lock.readLock().lock();
        try {
            if (closed) {
                throw new IOException("the handoff is closed");
            }
            Messages.send(descriptor, frame.encode(), descriptors, wait);
        } finally {
            lock.readLock().unlock();
        }
        Log.step("sent " + frame.type());
    }

    /**
     * The next frame; null at the end of the stream.
     *
     * @throws ProtocolException if the peer breaks the protocol, or says nothing in time; what it sent is closed
     */
    @Nullable
    Frame receive() throws IOException {
        Received received = receive(false);
        return received == null ? null : received.frame();
    }

    /**
     * As {@link #receive()}, for the one place that takes descriptors, and then owns them. Everywhere else the kernel is
     * given no room for any, so that none that a peer sends is ever installed.
     */
    @Nullable
    Received receiveWithDescriptors() throws IOException {
        return receive(true);
    }

    private @Nullable Received receive(boolean withDescriptors) throws IOException {
        while (true) {
            ReceivedMessage message = nextMessage(withDescriptors);
            if (message == null) {
                return null;
            }
            boolean taken = false;
            try {
                if (message.truncated()) {
                    throw new ProtocolException(
                            withDescriptors
                                    ? "a message or its descriptors did not fit; is the limit on open files"
                                            + " (ulimit -n) high enough?"
                                    : "a message was too long or brought descriptors that nobody had asked for");
                }
                Frame frame = Frame.decode(message.payload());
                if (frame != null) {
                    if (message.descriptors().length > 0 && !frame.bringsDescriptors()) {
                        throw new ProtocolException(frame + " brought descriptors");
                    }
                    Log.step("received " + frame.type());
                    taken = true;
                    return new Received(frame, message.descriptors());
                }
            } finally {
                if (!taken) {
                    closeAll(message.descriptors());
                }
            }
        }
    }

    /** Null at the end of the stream. */
    private @Nullable ReceivedMessage nextMessage(boolean withDescriptors) throws IOException {
        if (deadline.isPresent()) {
            Sockets.setTimeout(descriptor, remaining(deadline.getAsLong()));
        }
        try {
            ReceivedMessage message = withDescriptors
                    ? Messages.receive(descriptor, Frame.MAX_BYTES)
                    : Messages.receiveBytes(descriptor, Frame.MAX_BYTES);
            return message.isEndOfStream() ? null : message;
        } catch (PosixException e) {
            return switch (e.errno()) {
                // The peer has left unread frames. It is reported once, before what the peer had said and is still
                // queued.
                case ECONNRESET -> nextMessage(withDescriptors);
                case EAGAIN -> throw new SilenceException();
                default -> throw e;
            };
        }
    }

    /** At least a millisecond, because zero would mean no bound. */
    private static Duration remaining(long deadline) throws SilenceException {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
            throw new SilenceException();
        }
        return Duration.ofNanos(Math.max(left, 1_000_000));
    }

    private static void closeAll(int[] descriptors) throws IOException {
        for (int descriptor : descriptors) {
            Descriptors.close(descriptor);
        }
    }

    /** Ends the connection for both sides; the reader sees the end of the stream and closes. */
    void shutdown() {
        lock.readLock().lock();
        try {
            if (!closed) {
                Sockets.shutdown(descriptor);
            }
        } catch (PosixException e) {
            // ENOTCONN: the peer was faster, and the reader is awake already.
        } finally {
            lock.readLock().unlock();
        }
    }

    /** By the reading thread only. */
    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                Descriptors.close(descriptor);
            }
        } catch (PosixException e) {
            Log.channelNotClosed(e);
        } finally {
            lock.writeLock().unlock();
        }
    }
}
