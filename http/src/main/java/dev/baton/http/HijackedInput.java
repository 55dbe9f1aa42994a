package dev.baton.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What comes on a hijacked connection: the event loop puts it in, the application's thread reads it.
 *
 * <p>Bounded, by the rule of {@link RequestBody}: {@code offer}'s answer stops the reading of the socket in the same turn of
 * the loop, and the wish to go on is a task of a later turn.
 */
final class HijackedInput extends InputStream {
    private static final int LIMIT = 64 * 1024;

    private final Runnable goOn;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();

    // Guarded by the lock.
    private final ArrayDeque<ByteBuf> pieces = new ArrayDeque<>(0);
    private int held;
    private boolean full;
    private boolean ended;
    private boolean closed;
    private @Nullable IOException failure;

    /** {@code goOn} asks for more; it may be called by any thread and does not wait. */
    HijackedInput(Runnable goOn) {
        this.goOn = goOn;
    }

    /** Event loop: bytes have come, which now belong to this stream; false if the socket is not to be read on. */
    boolean offer(ByteBuf piece) {
        lock.lock();
        try {
            if (closed || !piece.isReadable()) {
                piece.release();
                return true;
            }
            pieces.add(piece);
            held += piece.readableBytes();
            full = held >= LIMIT;
            arrived.signal();
            return !full;
        } finally {
            lock.unlock();
        }
    }

    /** Event loop: the peer has closed its side. */
    void end() {
        lock.lock();
        try {
            ended = true;
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Event loop: nothing more will come. What has come can still be read, from memory that need not be released. */
    void fail(IOException cause) {
        lock.lock();
        try {
            if (!ended && failure == null) {
                failure = cause;
            }
            for (int count = pieces.size(); count > 0; count--) {
                ByteBuf piece = pieces.remove();
                pieces.add(Unpooled.copiedBuffer(piece));
                piece.release();
            }
            arrived.signalAll();
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
        int count;
        boolean roomAgain;
        lock.lock();
        try {
            ByteBuf piece = await();
            if (piece == null) {
                return -1;
            }
            count = Math.min(length, piece.readableBytes());
            piece.readBytes(target, offset, count);
            held -= count;
            if (!piece.isReadable()) {
                pieces.remove().release();
            }
            roomAgain = full && held <= LIMIT / 2;
            if (roomAgain) {
                full = false;
            }
        } finally {
            lock.unlock();
        }
        if (roomAgain) {
            goOn.run();
        }
        return count;
    }

    /** The next piece, or null at the end. */
    private @Nullable ByteBuf await() throws IOException {
        try {
            while (pieces.isEmpty() && !ended && !closed && failure == null) {
                arrived.await();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted while reading").initCause(e);
        }
        if (closed) {
            throw new IOException("the connection is closed");
        }
        ByteBuf piece = pieces.peek();
        if (piece == null && failure != null) {
            throw new IOException(failure.getMessage(), failure);
        }
        return piece;
    }

    @Override
    public int available() throws IOException {
        lock.lock();
        try {
            if (closed) {
                throw new IOException("the connection is closed");
            }
            return held;
        } finally {
            lock.unlock();
        }
    }

    /** What has come, and will come, is thrown away. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            full = false;
            held = 0;
            pieces.forEach(ByteBuf::release);
            pieces.clear();
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
        goOn.run();
    }
}
