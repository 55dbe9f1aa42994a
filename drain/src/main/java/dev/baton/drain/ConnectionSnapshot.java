package dev.baton.drain;

import java.net.SocketAddress;
import java.time.Duration;

/**
 * One connection at one moment.
 *
 * @param state what it was doing
 * @param peer the other end
 * @param age time since it was accepted
 * @param requestsServed responses that were written out in full
 * @param bytesReceived bytes read from the peer
 * @param bytesSent bytes handed to the transport for the peer
 */
public record ConnectionSnapshot(
        ConnectionState state,
        SocketAddress peer,
        Duration age,
        long requestsServed,
        long bytesReceived,
        long bytesSent) {}
