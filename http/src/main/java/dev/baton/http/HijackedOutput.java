package dev.baton.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What goes out on a hijacked connection, on its way from the application's thread to the event loop. As with a socket, every
 * write is on its way when it returns; one that is too far ahead of the peer waits.
 */
final class HijackedOutput extends OutputStream {
    private static final int PIECE = 64 * 1024;
    private static final int MAX_IN_FLIGHT = 2 * PIECE;

    private final Channel channel;
    private final Runnable shutdown;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition written = lock.newCondition();

    // Guarded by the lock.
    private int inFlight;
    private @Nullable IOException failure;

    /** {@code shutdown} closes the output side behind all that was written. */
    HijackedOutput(Channel channel, Runnable shutdown) {
        this.channel = channel;
        this.shutdown = shutdown;
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, source.length);
        int from = offset;
        while (from < offset + length) {
            int count = Math.min(PIECE, offset + length - from);
            lock.lock();
            try {
                awaitRoom();
                send(channel.alloc().directBuffer(count).writeBytes(source, from, count));
            } finally {
                lock.unlock();
            }
            from += count;
        }
    }

    private void send(ByteBuf piece) throws IOException {
        int size = piece.readableBytes();
        inFlight += size;
        try {
            channel.eventLoop().execute(() -> {
                var _ = channel.writeAndFlush(piece).addListener(done -> written(size, done.cause()));
            });
        } catch (RejectedExecutionException e) {
            piece.release();
            throw new IOException("the server has stopped", e);
        }
    }

    private void written(int size, @Nullable Throwable cause) {
        lock.lock();
        try {
            inFlight -= size;
            if (cause != null && failure == null) {
                failure = new IOException("the connection is closed", cause);
            }
            written.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void awaitRoom() throws IOException {
        try {
            while (inFlight >= MAX_IN_FLIGHT && failure == null) {
                written.await();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted while writing").initCause(e);
        }
        if (failure != null) {
            throw new IOException(failure.getMessage(), failure);
        }
    }

    /** Nothing more can be written. The first reason counts. */
    void fail(IOException cause) {
        lock.lock();
        try {
            if (failure == null) {
                failure = cause;
            }
            written.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Does nothing: every write is on its way already. */
    @Override
    public void flush() throws IOException {}

    @Override
    public void close() {
        shutdown.run();
    }
}
