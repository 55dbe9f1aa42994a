package dev.baton.http;

import java.nio.ByteBuffer;

/** What came on a WebSocket, as one call of a receive method of its listener. */
sealed interface Received {

    record Text(String data, boolean last) implements Received {}

    record Binary(ByteBuffer data, boolean last) implements Received {}

    record Ping(ByteBuffer data) implements Received {}

    record Pong(ByteBuffer data) implements Received {}

    /** The peer's Close; or, with {@link CloseCode#ABNORMAL}, its end without one. */
    record Close(int code, String reason) implements Received {}

    /** About how much memory it holds. */
    default int size() {
        return switch (this) {
            case Text text -> 2 * text.data.length();
            case Binary binary -> binary.data.remaining();
            case Ping _, Pong _, Close _ -> 256;
        };
    }
}
