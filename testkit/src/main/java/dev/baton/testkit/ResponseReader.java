package dev.baton.testkit;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads the responses of one connection, in whatever pieces they come, and checks each body on the way.
 *
 * <pre>
 *   HEAD -> FIXED ---------------------------------------------> DONE
 *        -> CHUNK_SIZE -> CHUNK_DATA -> CHUNK_END -> CHUNK_SIZE
 *                     \-> TRAILER -----------------------------> DONE
 *        -> UNTIL_END (DONE with the end of the connection)
 * </pre>
 *
 * Confined to one thread.
 */
final class ResponseReader {
    private static final int MAX_HEAD = 1 << 16;

    private enum Phase {
        HEAD,
        FIXED,
        CHUNK_SIZE,
        CHUNK_DATA,
        CHUNK_END,
        TRAILER,
        UNTIL_END,
        DONE
    }

    private final String generationHeader;
    private byte[] line = new byte[512];
    private int lineLength;
    private Phase phase = Phase.DONE;
    private @Nullable ResponseHead head;
    private ExpectedBody expected = ExpectedBody.anything();
    private ExpectedBody.Check check = expected.check();
    private long remaining;
    private boolean anyByte;
    private @Nullable ByteArrayOutputStream copy;

    ResponseReader(String generationHeader) {
        this.generationHeader = generationHeader;
    }

    /** Expects another response, and copies its body. */
    void begin(ExpectedBody body, ByteArrayOutputStream into) {
        begin(body);
        copy = into;
    }

    /** Expects another response. */
    void begin(ExpectedBody body) {
        phase = Phase.HEAD;
        expected = body;
        head = null;
        lineLength = 0;
        anyByte = false;
    }

    /**
     * Consumes bytes up to the end of the response.
     *
     * @return whether the response is complete; bytes left in {@code bytes} do not belong to it
     */
    boolean feed(ByteBuffer bytes) throws ResponseFault {
        anyByte |= bytes.hasRemaining();
        while (bytes.hasRemaining() && phase != Phase.DONE) {
            switch (phase) {
                case HEAD -> readHead(bytes);
                case FIXED -> readBody(bytes, Phase.DONE);
                case CHUNK_SIZE -> readChunkSize(bytes);
                case CHUNK_DATA -> readBody(bytes, Phase.CHUNK_END);
                case CHUNK_END -> readChunkEnd(bytes);
                case TRAILER -> readTrailer(bytes);
                case UNTIL_END -> accept(bytes);
                case DONE -> throw new AssertionError("the loop ends here");
            }
        }
        return phase == Phase.DONE;
    }

    /** The connection ended: completes a response that is framed by that, else says what is missing. */
    void end() throws ResponseFault {
        if (phase == Phase.UNTIL_END) {
            complete();
            return;
        }
        throw anyByte
                ? new ResponseFault(FailureKind.TRUNCATED, "the connection ended in the response, at " + phase)
                : new ResponseFault(FailureKind.EMPTY_REPLY, "the connection ended before the response");
    }

    /** The head of the response that is complete. */
    ResponseHead head() {
        if (head == null) {
            throw new IllegalStateException("no head was read yet");
        }
        return head;
    }

    private void readHead(ByteBuffer bytes) throws ResponseFault {
        while (bytes.hasRemaining()) {
            if (lineLength == line.length) {
                if (lineLength == MAX_HEAD) {
                    throw new ResponseFault(FailureKind.OTHER, "malformed response: head of more than 64 KiB");
                }
                line = Arrays.copyOf(line, lineLength * 2);
            }
            byte b = bytes.get();
            line[lineLength++] = b;
            if (b == '\n' && endsHead()) {
                headComplete(ResponseHead.parse(line, lineLength, generationHeader));
                return;
            }
        }
    }

    private boolean endsHead() {
        int n = lineLength;
        return n >= 4 && line[n - 2] == '\r' && line[n - 3] == '\n' && line[n - 4] == '\r';
    }

    private void headComplete(ResponseHead parsed) throws ResponseFault {
        lineLength = 0;
        if (parsed.status() == 101) {
            throw new ResponseFault(FailureKind.OTHER, "the server switched protocols");
        }
        if (parsed.interim()) {
            return;
        }
        head = parsed;
        // What an error says is nobody's expectation: the status is what counts.
        check = (parsed.status() < 400 ? expected : ExpectedBody.anything()).check();
        if (parsed.bodiless()) {
            complete();
        } else if (parsed.chunked()) {
            phase = Phase.CHUNK_SIZE;
        } else if (parsed.endsWithConnection()) {
            phase = Phase.UNTIL_END;
        } else {
            remaining = parsed.contentLength();
            phase = Phase.FIXED;
            if (remaining == 0) {
                complete();
            }
        }
    }

    private void readBody(ByteBuffer bytes, Phase next) throws ResponseFault {
        int length = (int) Math.min(bytes.remaining(), remaining);
        int limit = bytes.limit();
        bytes.limit(bytes.position() + length);
        accept(bytes);
        bytes.limit(limit);
        remaining -= length;
        if (remaining == 0) {
            if (next == Phase.DONE) {
                complete();
            } else {
                phase = next;
            }
        }
    }

    private void accept(ByteBuffer part) throws ResponseFault {
        if (copy != null) {
            byte[] bytes = new byte[part.remaining()];
            part.get(part.position(), bytes);
            copy.writeBytes(bytes);
        }
        check.accept(part);
    }

    private void readChunkSize(ByteBuffer bytes) throws ResponseFault {
        if (!readLine(bytes)) {
            return;
        }
        long size = 0;
        int digits = 0;
        while (digits < lineLength && Character.digit(line[digits], 16) >= 0) {
            size = size * 16 + Character.digit(line[digits++], 16);
        }
        if (digits == 0 || digits > 15 || (digits < lineLength && line[digits] != ';')) {
            throw new ResponseFault(FailureKind.OTHER, "malformed response: no chunk size");
        }
        lineLength = 0;
        remaining = size;
        phase = size == 0 ? Phase.TRAILER : Phase.CHUNK_DATA;
    }

    private void readChunkEnd(ByteBuffer bytes) throws ResponseFault {
        if (readLine(bytes)) {
            if (lineLength != 0) {
                throw new ResponseFault(FailureKind.OTHER, "malformed response: a chunk is longer than its size");
            }
            phase = Phase.CHUNK_SIZE;
        }
    }

    private void readTrailer(ByteBuffer bytes) throws ResponseFault {
        while (readLine(bytes)) {
            boolean last = lineLength == 0;
            lineLength = 0;
            if (last) {
                complete();
                return;
            }
        }
    }

    /** Reads to the end of a line; if it is there, {@code line} holds it without CRLF and the caller resets it. */
    private boolean readLine(ByteBuffer bytes) throws ResponseFault {
        while (bytes.hasRemaining()) {
            byte b = bytes.get();
            if (b == '\n' && lineLength > 0 && line[lineLength - 1] == '\r') {
                lineLength--;
                return true;
            }
            if (lineLength == line.length) {
                throw new ResponseFault(FailureKind.OTHER, "malformed response: endless line in a chunked body");
            }
            line[lineLength++] = b;
        }
        return false;
    }

    private void complete() throws ResponseFault {
        check.end();
        phase = Phase.DONE;
    }
}
