package dev.baton.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The body of a request: the event loop puts pieces in as they come, the handler's thread reads them.
 *
 * <p>The buffer is bounded. When a piece takes it over the limit, {@link #offer} says so and the connection stops reading;
 * when the handler has read half of it, the connection is asked to go on. Both happen in the event loop: {@code offer}'s
 * answer is acted upon in the same turn, the handler's wish is a task that runs in a later turn. So the wish can never
 * overtake the stop that it is to undo.
 */
final class RequestBody extends InputStream {
    /** What one piece costs beyond its bytes, so that a client cannot fill memory with chunks of one byte. */
    private static final int PIECE_OVERHEAD = 256;

    private final ConnectionPort connection;
    private final HttpServerOptions options;
    private final int limit;
    private final long timeoutNanos;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();

    // All of the following is guarded by the lock, under which nobody waits for anything but `arrived`.
    private final ArrayDeque<ByteBuf> pieces = new ArrayDeque<>(0);
    private int held;
    private boolean stopped;
    private boolean begun;
    private boolean ended;
    private boolean closed;
    private boolean continueExpected;
    /** How many bytes have come, and how long readers have waited for them. */
    private long received;

    private long waitedNanos;
    private @Nullable IOException failure;
    private @Nullable Rejection rejection;

    RequestBody(ConnectionPort connection, HttpServerOptions options, boolean empty, boolean continueExpected) {
        this.connection = connection;
        this.options = options;
        this.limit = options.bodyBuffer();
        this.timeoutNanos = options.bodyTimeout().toNanos();
        this.ended = empty;
        this.continueExpected = continueExpected && !empty;
    }

    /** What became of an offered piece. */
    enum Offer {
        TAKEN,
        /** Taken, and the buffer is full: stop reading the socket until asked to go on. */
        TAKEN_NOW_STOP,
        /** The handler has closed the stream; the piece was released. */
        DISCARDED,
        /** The body is larger than is allowed; the piece was released, and the rest is not wanted. */
        TOO_LARGE
    }

    /** Event loop: a piece has come, which now belongs to this body. */
    Offer offer(ByteBuf piece) {
        lock.lock();
        try {
            begun = true;
            if (closed) {
                piece.release();
                return Offer.DISCARDED;
            }
            received += piece.readableBytes();
            if (options.maxRequestBody() > 0 && received > options.maxRequestBody()) {
                piece.release();
                fail(Rejection.BODY_TOO_LARGE, new RequestBodyTooLargeException(options.maxRequestBody()));
                return Offer.TOO_LARGE;
            }
            pieces.add(piece);
            held += cost(piece);
            arrived.signal();
            if (held >= limit && !stopped) {
                stopped = true;
                return Offer.TAKEN_NOW_STOP;
            }
            return Offer.TAKEN;
        } finally {
            lock.unlock();
        }
    }

    /** Event loop: the end of the body has come. If a part of it was refused, the body is not whole all the same. */
    void end() {
        lock.lock();
        try {
            ended = failure == null;
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Event loop: the rest will not come. What has come can still be read.
     *
     * @param answer what the client gets if the handler fails for it
     */
    void fail(Rejection answer, IOException cause) {
        lock.lock();
        try {
            if (!ended && failure == null) {
                failure = cause;
                rejection = answer;
            }
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Whether the client still waits to be told to send its body. The answer is given once: whoever gets true either sends
     * 100 (Continue), or closes the connection after the response, because the client may send the body or not.
     */
    boolean takeContinueExpected() {
        lock.lock();
        try {
            boolean waits = continueExpected && !begun && !ended;
            continueExpected = false;
            return waits;
        } finally {
            lock.unlock();
        }
    }

    /** What is wrong with the body, and so with the request, as far as a reader could see; null if nothing is. */
    @Nullable
    Rejection rejection() {
        lock.lock();
        try {
            return rejection;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (length == 0) {
            return 0;
        }
        boolean goOn;
        int count;
        lock.lock();
        try {
            ByteBuf piece = awaitPiece();
            if (piece == null) {
                return -1;
            }
            int before = cost(piece);
            count = Math.min(length, piece.readableBytes());
            piece.readBytes(target, offset, count);
            if (piece.isReadable()) {
                held -= before - cost(piece);
            } else {
                held -= before;
                pieces.remove().release();
            }
            goOn = stopped && held <= limit / 2;
            if (goOn) {
                stopped = false;
            }
        } finally {
            lock.unlock();
        }
        if (goOn) {
            connection.resumeReading(this);
        }
        return count;
    }

    /** The next piece, or null at the end of the body. The caller holds the lock. */
    private @Nullable ByteBuf awaitPiece() throws IOException {
        if (nothingHasCome()) {
            if (takeContinueExpected()) {
                connection.sendContinue(this);
            }
            awaitArrival();
        }
        if (closed) {
            throw new IOException("the request body is closed");
        }
        ByteBuf piece = pieces.peek();
        if (piece == null && failure != null) {
            // Anew for each reader, so that the trace is the reader's.
            throw failure instanceof RequestBodyTooLargeException tooLarge
                    ? new RequestBodyTooLargeException(tooLarge.limit())
                    : new IOException(failure.getMessage(), failure);
        }
        return piece;
    }

    private boolean nothingHasCome() {
        return pieces.isEmpty() && !ended && !closed && failure == null;
    }

    /**
     * Waits until something has come: at most the body timeout at a time, and in all at most that and a second for each
     * {@code minBodyRate} bytes that have come. So a client that has sent much may stall as long as any other, and one
     * that sends a byte now and then is cut off. While nobody reads, as when a handler is slow, no time is counted.
     */
    private void awaitArrival() throws IOException {
        long begun = System.nanoTime();
        long patience = Math.min(timeoutNanos, patienceNanos());
        try {
            while (nothingHasCome()) {
                if (timeoutNanos == 0) {
                    arrived.await();
                } else if (arrived.awaitNanos(patience - (System.nanoTime() - begun)) <= 0 && nothingHasCome()) {
                    rejection = Rejection.BODY_TIMEOUT;
                    throw new SocketTimeoutException("the request body did not come in time: " + received
                            + " bytes have come, the last wait was "
                            + TimeUnit.NANOSECONDS.toMillis(patience) + " ms");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted while reading the request body").initCause(e);
        } finally {
            waitedNanos += System.nanoTime() - begun;
        }
    }

    private long patienceNanos() {
        if (options.minBodyRate() == 0) {
            return Long.MAX_VALUE;
        }
        long earned = TimeUnit.SECONDS.toNanos(received / options.minBodyRate()); // Saturates.
        return earned - waitedNanos > Long.MAX_VALUE - timeoutNanos
                ? Long.MAX_VALUE
                : timeoutNanos + earned - waitedNanos;
    }

    /** Empty bodies are common, and handlers that skip them too; the inherited method would allocate for each. */
    @Override
    public long skip(long count) throws IOException {
        return bytesToTheEnd() == 0 ? 0 : super.skip(count);
    }

    /** What has come whole is read into an array of its size; the inherited method takes 16 KiB for an empty body too. */
    @Override
    public byte[] readNBytes(int length) throws IOException {
        long left = bytesToTheEnd();
        if (left < 0 || length < 0) {
            return super.readNBytes(length);
        }
        byte[] bytes = new byte[(int) Math.min(length, left)];
        int count = readNBytes(bytes, 0, bytes.length);
        return count == bytes.length ? bytes : Arrays.copyOf(bytes, count);
    }

    /** How many bytes can still be read, if that is known because the body has come to its end; else -1. */
    private long bytesToTheEnd() {
        lock.lock();
        try {
            return closed || !ended ? -1 : readable();
        } finally {
            lock.unlock();
        }
    }

    /** The caller holds the lock. */
    private long readable() {
        long bytes = 0;
        for (ByteBuf piece : pieces) {
            bytes += piece.readableBytes();
        }
        return bytes;
    }

    @Override
    public int available() throws IOException {
        lock.lock();
        try {
            if (closed) {
                throw new IOException("the request body is closed");
            }
            return (int) readable();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Throws away what has come and what will come; the connection sees to it that this has an end. Does not wait, unlike
     * the JDK's server, which reads on here.
     */
    @Override
    public void close() {
        boolean goOn;
        lock.lock();
        try {
            closed = true;
            pieces.forEach(ByteBuf::release);
            pieces.clear();
            held = 0;
            goOn = stopped;
            stopped = false;
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
        if (goOn) {
            connection.resumeReading(this);
        }
    }

    /**
     * Event loop: the client has gone or is cut off. What has come can still be read, but it may be that nobody reads or
     * closes any more; so it moves to memory that need not be released.
     */
    void connectionClosed() {
        lock.lock();
        try {
            fail(
                    Rejection.INCOMPLETE_BODY,
                    new EOFException("the connection was closed before the whole request body had come"));
            for (int count = pieces.size(); count > 0; count--) {
                ByteBuf piece = pieces.remove();
                pieces.add(Unpooled.copiedBuffer(piece));
                piece.release();
            }
        } finally {
            lock.unlock();
        }
    }

    private static int cost(ByteBuf piece) {
        return piece.readableBytes() + PIECE_OVERHEAD;
    }
}
