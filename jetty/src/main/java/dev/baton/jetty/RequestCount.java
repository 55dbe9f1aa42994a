package dev.baton.jetty;

import org.eclipse.jetty.io.Connection;
import org.jspecify.annotations.Nullable;

/** The requests of a connection, and whether there are bytes that belong to none of them. Guarded by its connection. */
final class RequestCount {
    private int underWay;

    /** Bytes from the socket. */
    private long received;

    /** The protocol that has begun the requests below. */
    private @Nullable Connection connection;

    private long begun;

    /** The protocol's bytes up to the last answer. */
    private long answered;

    // With TLS, when Jetty waited last.
    private boolean handshaken;
    private long receivedBefore;
    private long bytesBefore;

    /** A record of TLS has come in part. */
    private boolean withinRecord;

    void received(int length) {
        received += length;
    }

    void begun(Protocol protocol) {
        of(protocol);
        underWay++;
        begun++;
    }

    void ended(Protocol protocol) {
        underWay--;
        answered = bytes(protocol);
    }

    boolean isZero() {
        return underWay == 0;
    }

    /** Whether HTTP/2 has streams whose requests wait for a thread. */
    boolean hasQueued(Protocol protocol) {
        of(protocol);
        return !protocol.isHttp1() && protocol.messages() > begun && protocol.streams() > 0;
    }

    /** Whether a part of a head has come; to be asked when Jetty waits for bytes. */
    boolean isWithinHead(Protocol protocol) {
        if (!protocol.isHttp1()) {
            return false;
        }
        long bytes = bytes(protocol);
        if (protocol.isTls()) {
            lookAtRecords(protocol, bytes);
        }
        return bytes != answered || withinRecord;
    }

    /** After the handshake, bytes of which the protocol gets none are a part of a record. */
    private void lookAtRecords(Protocol protocol, long bytes) {
        if (bytes != bytesBefore) {
            withinRecord = false;
        } else if (received != receivedBefore) {
            withinRecord = handshaken;
        }
        handshaken = protocol.isHandshaken();
        receivedBefore = received;
        bytesBefore = bytes;
    }

    private long bytes(Protocol protocol) {
        return protocol.isTls() ? protocol.bytes() : received;
    }

    @SuppressWarnings("ReferenceEquality") // Another connection of Jetty's is another one, whatever it is equal to.
    private void of(Protocol protocol) {
        if (protocol.connection() != connection) {
            connection = protocol.connection();
            begun = 0;
        }
    }
}
