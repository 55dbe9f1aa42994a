package dev.baton;

import dev.baton.posix.Descriptors;
import dev.baton.posix.PosixException;

/**
 * Writes to a descriptor that other threads and processes write to as well, so that no line of one stands in the middle of
 * another's: in pieces that end with a line and that a pipe takes in one, which are those of {@code PIPE_BUF} bytes at most
 * (pipe(7)). A longer line goes in several. The beginning of a line is kept until its end comes, or {@link #flush}.
 *
 * <p>Not for several threads at once.
 */
final class WholeLines {
    private static final int PIPE_BUF = 4_096;

    private final int descriptor;
    private final byte[] piece = new byte[PIPE_BUF];
    private int length;
    private int ended; // the length of the lines in the piece that have ended

    WholeLines(int descriptor) {
        this.descriptor = descriptor;
    }

    /** Writes the lines that end in these bytes, or before them. */
    void write(byte[] bytes, int count) throws PosixException {
        for (int i = 0; i < count; i++) {
            if (length == PIPE_BUF) {
                writeFirst(ended > 0 ? ended : length);
            }
            piece[length++] = bytes[i];
            if (bytes[i] == '\n') {
                ended = length;
            }
        }
        writeFirst(ended);
    }

    /** Writes the beginning of a line too. */
    void flush() throws PosixException {
        writeFirst(length);
    }

    private void writeFirst(int count) throws PosixException {
        try {
            if (count > 0) {
                Descriptors.write(descriptor, piece, count);
            }
        } finally { // What cannot be written is lost, and what follows is not.
            System.arraycopy(piece, count, piece, 0, length - count);
            length -= count;
            ended = Math.max(0, ended - count);
        }
    }
}
