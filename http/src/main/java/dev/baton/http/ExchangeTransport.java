package dev.baton.http;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;

/**
 * What carries an exchange: an HTTP/1.1 connection, which has one after the other, or a stream of HTTP/2, which has one.
 *
 * <p>Called in the event loop, with what the handler's threads have posted through {@link ConnectionPort}. Each call names
 * its exchange by one of its bodies; if that is over, because the client has gone or was cut off, the call does nothing.
 */
interface ExchangeTransport {

    /** A part of the response, whose content now belongs to the transport. */
    void write(ResponsePart part);

    /** The handler has read half of what was held for it. */
    void resumeReading(RequestBody body);

    /** An interim response; the final one follows. */
    void writeInterim(RequestBody body, HttpResponseStatus status, HttpHeaders headers);

    /** Ends the response in its middle, so that the client sees that it is cut; see {@link ConnectionPort#abort}. */
    void abort(ResponseBody body, boolean reset);

    /** Answers 500, or 408 if the client was too slow, in the place of a response of which nothing was sent. */
    void writeFailure(ResponseBody body);

    /** Gives the connection to another protocol, if it can be; the switch says what became of it. */
    default void switchProtocol(ResponseBody body, ProtocolSwitch<?> next) {
        next.refuse(new IllegalStateException("a stream of HTTP/2 is no connection of its own"));
    }
}
