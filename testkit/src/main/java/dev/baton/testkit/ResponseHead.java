package dev.baton.testkit;

import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;

/** The status line and the headers of a response, read as RFC 9112 has them and no looser. */
final class ResponseHead {
    /** No {@code Content-Length}. */
    static final long NO_LENGTH = -1;

    private static final int NO_GENERATION = -1;

    private final String text;
    private final String generationHeader;
    private int status;
    private long contentLength = NO_LENGTH;
    private boolean chunked;
    private boolean announcesClose;
    private int generation = NO_GENERATION;

    private ResponseHead(String text, String generationHeader) {
        this.text = text;
        this.generationHeader = generationHeader;
    }

    /** Parses the bytes up to and with the empty line. */
    static ResponseHead parse(byte[] bytes, int length, String generationHeader) throws ResponseFault {
        String text = new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
        ResponseHead head = new ResponseHead(text, generationHeader);
        int end = text.indexOf("\r\n");
        head.statusLine(text.substring(0, end));
        int start = end + 2;
        while ((end = text.indexOf("\r\n", start)) > start) {
            head.field(start, end);
            start = end + 2;
        }
        if (head.chunked && head.contentLength != NO_LENGTH) {
            throw malformed("both Content-Length and Transfer-Encoding");
        }
        return head;
    }

    private void statusLine(String line) throws ResponseFault {
        boolean wellFormed = line.length() >= 12
                && line.startsWith("HTTP/1.")
                && line.charAt(8) == ' '
                && (line.length() == 12 || line.charAt(12) == ' ');
        if (!wellFormed) {
            throw malformed("no status line: '" + line + "'");
        }
        status = (int) number(line.substring(9, 12));
        announcesClose = line.charAt(7) == '0';
    }

    private void field(int start, int end) throws ResponseFault {
        int colon = text.indexOf(':', start);
        if (colon <= start || colon >= end) {
            throw malformed("no header field: '" + text.substring(start, end) + "'");
        }
        if (named("Content-Length", start, colon)) {
            long length = number(text.substring(colon + 1, end).strip());
            if (contentLength != NO_LENGTH && contentLength != length) {
                throw malformed("two different Content-Lengths");
            }
            contentLength = length;
        } else if (named("Connection", start, colon)) {
            String value = text.substring(colon + 1, end).strip();
            if (value.equalsIgnoreCase("close")) {
                announcesClose = true;
            } else if (value.equalsIgnoreCase("keep-alive")) {
                announcesClose = false;
            }
        } else if (named("Transfer-Encoding", start, colon)) {
            if (!text.substring(colon + 1, end).strip().equalsIgnoreCase("chunked")) {
                throw malformed("a transfer coding other than chunked");
            }
            chunked = true;
        } else if (named(generationHeader, start, colon)) {
            generation = (int) number(text.substring(colon + 1, end).strip());
        }
    }

    private boolean named(String name, int start, int colon) {
        return colon - start == name.length() && text.regionMatches(true, start, name, 0, name.length());
    }

    private static long number(String digits) throws ResponseFault {
        if (digits.isEmpty() || digits.length() > 18 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw malformed("'" + digits + "' is not a number");
        }
        return Long.parseLong(digits);
    }

    private static ResponseFault malformed(String detail) {
        return new ResponseFault(FailureKind.OTHER, "malformed response: " + detail);
    }

    int status() {
        return status;
    }

    long contentLength() {
        return contentLength;
    }

    boolean chunked() {
        return chunked;
    }

    boolean announcesClose() {
        return announcesClose || endsWithConnection();
    }

    /** Whether the body goes on until the connection ends (RFC 9112, section 6.3, rule 8). */
    boolean endsWithConnection() {
        return !chunked && contentLength == NO_LENGTH && !bodiless();
    }

    /** Whether a response with this status never has a body. */
    boolean bodiless() {
        return status == 204 || status == 304 || interim();
    }

    boolean interim() {
        return status >= 100 && status < 200;
    }

    OptionalInt generation() {
        return generation == NO_GENERATION ? OptionalInt.empty() : OptionalInt.of(generation);
    }

    String text() {
        return text;
    }
}
