package dev.baton.http;

import dev.baton.http.ResponseHead.Framing;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The response of an exchange, head and body, on its way from the handler's threads to the event loop.
 *
 * <pre>
 *   UNSENT --head--> OPEN --close--> COMPLETE
 *      |               |
 *      +---failure-----+-----------> FAILED
 * </pre>
 *
 * <p>Bytes are gathered, so that a small response is one task of the event loop and one write. What has been handed over
 * and not yet written to the socket is counted; a handler that is too far ahead of its client waits until the event loop
 * reports a write. The count does not depend on the channel's own water marks, so it also holds for what is still queued
 * as a task.
 */
final class ResponseBody extends OutputStream {
    /** The largest piece that is handed over at once. */
    private static final int PIECE = 64 * 1024;
    /** A handler that has handed over more than this waits. */
    private static final int MAX_IN_FLIGHT = 2 * PIECE;
    /** Up to this size the encoder copies the body behind the head, which is cheaper than a second buffer. */
    private static final int SMALL = 4 * 1024;

    private enum State {
        UNSENT,
        OPEN,
        COMPLETE,
        FAILED
    }

    private final ConnectionPort connection;
    private final long timeoutNanos;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition written = lock.newCondition();

    // All of the following is guarded by the lock, under which nobody waits for anything but `written`.
    private State state = State.UNSENT;
    private @Nullable ResponseHead head;
    private boolean headSent;
    private long remaining;
    private @Nullable ByteBuf gathered;
    private int inFlight;
    private @Nullable IOException failure;

    ResponseBody(ConnectionPort connection, HttpServerOptions options) {
        this.connection = connection;
        this.timeoutNanos = options.writeTimeout().toNanos();
    }

    /**
     * Begins the response; completes it if it has no body. Nothing is sent before the body is closed or flushed, or grows
     * too large to gather.
     */
    void begin(ResponseHead head) throws IOException {
        lock.lock();
        try {
            if (state != State.UNSENT) {
                throw new IOException("the response headers have been sent already");
            }
            this.head = head;
            state = State.OPEN;
            remaining = head.length();
            if (head.isBodiless()) {
                complete();
            }
        } finally {
            lock.unlock();
        }
    }

    boolean isBegun() {
        lock.lock();
        try {
            return state != State.UNSENT;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, source.length);
        lock.lock();
        try {
            if (state == State.COMPLETE && head != null && isHarmless(head, length)) {
                return;
            }
            ResponseHead open = requireOpen();
            if (length == 0) {
                return;
            }
            if (open.framing() == Framing.FIXED) {
                if (length > remaining) {
                    throw new IOException("too many bytes to write to stream: " + length + ", and only " + remaining
                            + " of " + open.length() + " are left");
                }
                remaining -= length;
            }
            gather(source, offset, length, open.framing() == Framing.FIXED ? remaining + length : length);
        } finally {
            lock.unlock();
        }
    }

    /** After the end of a response: the body of an answer to HEAD, or no byte of a body that there is none of. */
    private static boolean isHarmless(ResponseHead head, int length) {
        return head.framing() == Framing.DISCARDED || (head.framing() == Framing.NONE && length == 0);
    }

    private void gather(byte[] source, int offset, int length, long expected) throws IOException {
        int from = offset;
        int left = length;
        while (left > 0) {
            ByteBuf piece = gathered;
            if (piece == null) {
                int capacity = (int) Math.min(expected, PIECE);
                piece = capacity <= SMALL
                        ? Unpooled.buffer(Math.max(capacity, 256), PIECE)
                        : connection.allocator().directBuffer(capacity, PIECE);
                gathered = piece;
            }
            int count = Math.min(left, PIECE - piece.readableBytes());
            piece.writeBytes(source, from, count);
            from += count;
            left -= count;
            if (piece.readableBytes() == PIECE) {
                handOver(false);
                awaitRoom();
            }
        }
    }

    @Override
    public void flush() throws IOException {
        lock.lock();
        try {
            if (state == State.COMPLETE) {
                return;
            }
            requireOpen();
            handOver(false);
            awaitRoom();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Completes the response.
     *
     * @throws IOException if fewer bytes were written than were announced; the connection is then closed, so that the
     *     client sees it too
     */
    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            if (state == State.COMPLETE || state == State.FAILED) {
                return;
            }
            ResponseHead open = requireOpen();
            if (open.framing() == Framing.FIXED && remaining > 0) {
                fail();
                throw new IOException(
                        "insufficient bytes written to stream: " + remaining + " of " + open.length() + " are missing");
            }
            complete();
        } finally {
            lock.unlock();
        }
    }

    /** The handler has returned. If the response is not complete, another thread will go on; the client need not wait. */
    void handlerReturned() {
        lock.lock();
        try {
            if (state == State.OPEN && failure == null) {
                handOver(false);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * The response cannot be completed. If nothing of it has been sent, the client gets an error; else the connection is
     * closed, so that the client sees that the response is cut. Does nothing if it is complete.
     */
    void fail() {
        lock.lock();
        try {
            if (state == State.COMPLETE || state == State.FAILED) {
                return;
            }
            state = State.FAILED;
            discardGathered();
            if (headSent) {
                connection.abort(this, head != null && head.framing() == Framing.UNTIL_CLOSE);
            } else {
                connection.sendFailure(this);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Event loop: gives up the response because another protocol follows; false if it has begun. */
    boolean cede() {
        lock.lock();
        try {
            if (state != State.UNSENT) {
                return false;
            }
            state = State.COMPLETE;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Event loop: a piece has been written to the socket, or could not be. */
    void pieceWritten(int size, @Nullable Throwable cause) {
        lock.lock();
        try {
            inFlight -= size;
            if (cause != null && failure == null) {
                failure = new IOException("the connection was closed before the whole response was sent", cause);
            }
            written.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Event loop: the client has gone or is cut off. */
    void connectionClosed(IOException cause) {
        lock.lock();
        try {
            if (failure == null) {
                failure = cause;
            }
            discardGathered();
            written.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private ResponseHead requireOpen() throws IOException {
        return switch (state) {
            case UNSENT -> throw new IOException("response headers not sent yet");
            case COMPLETE -> throw new IOException("stream closed");
            case FAILED -> throw new IOException("the response has failed");
            case OPEN -> {
                if (failure != null) {
                    throw new IOException(failure.getMessage(), failure);
                }
                yield Objects.requireNonNull(head);
            }
        };
    }

    private void complete() {
        state = State.COMPLETE;
        handOver(true);
    }

    /** Gives what is gathered, and the head if it is still here, to the event loop. */
    private void handOver(boolean last) {
        ByteBuf content = gathered == null ? Unpooled.EMPTY_BUFFER : gathered;
        gathered = null;
        ResponseHead first = headSent ? null : head;
        if (first == null && !last && !content.isReadable()) {
            return;
        }
        headSent = true;
        inFlight += content.readableBytes();
        connection.send(this, first, content, last);
    }

    /** Waits until the client has taken enough. A client that takes nothing for too long is cut off. */
    private void awaitRoom() throws IOException {
        if (connection.inEventLoop()) {
            return; // Whoever writes from there would wait for itself.
        }
        int before = inFlight;
        long deadline = System.nanoTime() + timeoutNanos;
        while (inFlight > MAX_IN_FLIGHT && failure == null) {
            try {
                if (timeoutNanos == 0) {
                    written.await();
                } else if (written.awaitNanos(deadline - System.nanoTime()) <= 0) {
                    failure = new SocketTimeoutException("the client has read nothing of the response for "
                            + TimeUnit.NANOSECONDS.toMillis(timeoutNanos) + " ms");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw (IOException) new InterruptedIOException("interrupted while writing the response").initCause(e);
            }
            if (inFlight < before) {
                before = inFlight;
                deadline = System.nanoTime() + timeoutNanos;
            }
        }
        if (failure != null) {
            fail();
            throw new IOException(failure.getMessage(), failure);
        }
    }

    private void discardGathered() {
        if (gathered != null) {
            gathered.release();
            gathered = null;
        }
    }
}
