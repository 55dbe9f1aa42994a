package dev.baton;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Pipe;
import dev.baton.posix.PosixException;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Forwards what comes out of a pipe to this process's standard error, at once and in whole lines, and remembers the last
 * ones. The beginning of a line is held back only while the pipe has more.
 *
 * <p>The pipe may have several pumps, in several processes: the kernel gives each byte to one of them. To read and to
 * forward is one step under the lock, so that a pump that was {@linkplain #handOn() handed on} has forwarded whatever it
 * has taken: nothing is lost when its process ends. Whoever waits for the lock waits with a bound, because a terminal that
 * was stopped holds a write up for ever.
 */
final class ErrorPump {
    private static final int STDERR = 2;
    private static final int BUFFER_BYTES = 8 * 1024;

    /** More than a pipe holds: what a process has written before it died is read, however much others write on. */
    private static final int MOST_READS = 2 * 65_536 / BUFFER_BYTES;

    private static final long PATIENCE_MILLIS = 1_000;

    private final ReentrantLock lock = new ReentrantLock();
    private final Runnable end;
    private final int reader; // closed by the pump's thread, under the lock
    private final LastLines lastLines = new LastLines(); // guarded by lock
    private final byte[] buffer = new byte[BUFFER_BYTES]; // guarded by lock
    private final WholeLines standardError = new WholeLines(STDERR); // not System.err, another perhaps; guarded by lock
    private boolean handedOn; // guarded by lock
    private boolean closed; // guarded by lock

    /**
     * A pump that owns this end of the pipe from {@link #begin} on.
     *
     * @param end called by the pump's thread when it has closed it
     */
    ErrorPump(int reader, Runnable end) {
        this.reader = reader;
        this.end = end;
    }

    void begin() {
        Thread.ofPlatform().daemon().name("baton-stderr").start(this::pump);
    }

    private void pump() {
        try {
            int count = 0;
            do {
                if (count == 0) {
                    Pipe.awaitReadable(reader);
                }
                count = forwardNext();
            } while (count != Pipe.END);
        } catch (PosixException e) {
            Log.standardErrorLost(e);
        } finally {
            close();
            end.run();
        }
    }

    private int forwardNext() throws PosixException {
        lock.lock();
        try {
            return handedOn ? Pipe.END : forward();
        } finally {
            lock.unlock();
        }
    }

    private int forward() throws PosixException {
        int count = Pipe.read(reader, buffer);
        if (count > 0) {
            lastLines.add(buffer, count);
            say(lines -> lines.write(buffer, count));
        } else {
            say(WholeLines::flush);
        }
        return count;
    }

    private interface Words {
        void to(WholeLines standardError) throws PosixException;
    }

    private void say(Words words) {
        try {
            words.to(standardError);
        } catch (PosixException e) {
            // It is closed or full: what this process says itself is lost too.
        }
    }

    private void close() {
        lock.lock();
        try {
            closed = true;
            Descriptors.close(reader);
        } catch (PosixException e) {
            Log.standardErrorLost(e);
        } finally {
            lock.unlock();
        }
    }

    /** The last lines, with all that was written before the call. */
    List<String> lastLines() {
        boolean locked = tryLock();
        try {
            for (int i = 0; locked && !closed && !handedOn && i < MOST_READS && forward() > 0; i++) {}
            return locked ? lastLines.lines() : List.of();
        } catch (PosixException e) {
            return lastLines.lines();
        } finally {
            if (locked) {
                say(WholeLines::flush); // After so many reads; the pump may be waiting for more, in vain.
                lock.unlock();
            }
        }
    }

    /** Another descriptor of the pipe's end, the caller's to close; none if nobody can write into it any more. */
    OptionalInt duplicate() throws PosixException {
        if (!tryLock()) {
            return OptionalInt.empty();
        }
        try {
            return closed || handedOn ? OptionalInt.empty() : OptionalInt.of(Descriptors.duplicate(reader));
        } finally {
            lock.unlock();
        }
    }

    /** Leaves what comes from now on to another process's pump. */
    void handOn() {
        if (tryLock()) {
            handedOn = true;
            say(WholeLines::flush);
            lock.unlock();
        }
    }

    private boolean tryLock() {
        try {
            return lock.tryLock(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
