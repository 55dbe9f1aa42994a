package dev.baton.drain;

import java.time.Duration;
import java.util.Objects;

/**
 * What was known of a connection in the process from which it comes.
 *
 * @param state {@link ConnectionState#NEW} if it has had no request yet, else {@link ConnectionState#IDLE}
 * @param age time since it was accepted
 * @param requestsServed responses that were written out in full
 * @param bytesReceived bytes read from the peer
 * @param bytesSent bytes handed to the transport for the peer
 */
public record ConnectionHistory(
        ConnectionState state, Duration age, long requestsServed, long bytesReceived, long bytesSent) {

    /** @throws IllegalArgumentException if the state is another, or a number is negative */
    public ConnectionHistory {
        Objects.requireNonNull(state);
        if (state != ConnectionState.NEW && state != ConnectionState.IDLE) {
            throw new IllegalArgumentException("a connection that is " + state + " cannot come from another process");
        }
        if (age.isNegative() || requestsServed < 0 || bytesReceived < 0 || bytesSent < 0) {
            throw new IllegalArgumentException("negative: age " + age + ", requests " + requestsServed + ", received "
                    + bytesReceived + ", sent " + bytesSent);
        }
    }
}
