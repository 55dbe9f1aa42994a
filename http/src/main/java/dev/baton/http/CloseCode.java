package dev.baton.http;

import dev.baton.drain.DrainReason;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** The status codes of a Close (RFC 6455, section 7.4, and the registry of IANA that it founds). */
final class CloseCode {
    static final int NORMAL = WebSocket.NORMAL_CLOSURE;
    static final int GOING_AWAY = 1001;
    static final int PROTOCOL_ERROR = 1002;
    /** Never sent: stands for a Close without a code. */
    static final int NONE = 1005;
    /** Never sent: stands for an end without a Close. */
    static final int ABNORMAL = 1006;

    static final int BAD_DATA = 1007;
    static final int TOO_BIG = 1009;
    static final int INTERNAL_ERROR = 1011;
    static final int SERVICE_RESTART = 1012;

    private static final int MAX_REASON = 123;

    private CloseCode() {}

    static int of(DrainReason reason) {
        return switch (reason) {
            case SUCCEEDED -> SERVICE_RESTART;
            case STOPPED -> GOING_AWAY;
        };
    }

    /** Whether an endpoint may send it: what is registered or for applications, but for those that stand for no Close. */
    static boolean maySend(int code) {
        return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
    }

    /** Whether a control frame can hold it. */
    static boolean isReason(String reason) {
        try {
            ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(reason));
            return bytes.remaining() <= MAX_REASON;
        } catch (CharacterCodingException e) {
            return false;
        }
    }
}
