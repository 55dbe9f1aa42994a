package dev.baton.netty;

import dev.baton.drain.ConnectionState;
import dev.baton.drain.DrainReason;
import dev.baton.drain.TrackedConnection;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import java.util.Objects;

/**
 * An HTTP/1.1 connection: when it is active and idle, and how it ends without loss.
 *
 * <p>It watches both sides of the codec, whichever that is: {@link Http1Bytes} in front of it, where requests begin, and
 * {@link Http1Messages} behind it, where they are whole. Everything happens in the connection's event loop, and so does
 * every call of its methods.
 *
 * <p><b>States.</b> NEW or IDLE becomes ACTIVE with the first byte of a request, and ACTIVE becomes IDLE when the last
 * byte of the last response was written to the socket, if the request was read to its end and nothing of a next one has
 * come. Empty lines between requests are no request (RFC 9112, section 2.2).
 *
 * <p><b>The last request.</b> During a drain a response says {@code Connection: close} if no other request that the
 * application has got waits for its answer. From the moment at which the loop hears of the drain, a request is given to
 * the application only if none is unanswered, or if it had begun before: so a client that goes on pipelining gets all
 * that was executed answered, and then an end. What comes after the last request is read and thrown away, not executed,
 * and the client may send it again (RFC 9112, section 9.6).
 *
 * <p><b>The end.</b> After a response that says so the output is closed, and the input read until the client closes too:
 * see {@link LingeringClose}.
 */
public final class Http1Connection implements ConnectionProtocol {
    private final Channel channel;
    private final TrackedConnection tracked;
    private final ServedConnection served;
    private final boolean halfClosureBefore;
    private final Http1Bytes bytes;
    private final Http1Messages messages;
    private final LingeringClose linger;

    /** The application has got the head of a request and not yet its end. */
    private boolean requestOpen;

    /** Bytes of a request have come whose head the application has not got. */
    private boolean nextBegun;

    /** {@link #nextBegun} at the moment at which the loop heard of the drain: that request is still served. */
    private boolean admitted;

    /** Requests that the application has got and whose response has not begun. */
    private int unanswered;

    /** Requests that the application has got and whose response is not written out. */
    private int outstanding;

    /** Responses that have ended but are not written out. */
    private int unwritten;

    private boolean draining;

    /** No request can follow: the input is closed or cannot be understood, or a request was thrown away. */
    private boolean exhausted;

    /** The client has closed its side. */
    private boolean inputClosed;

    /** The application has got a request. */
    private boolean requestSeen;

    /** Whether the client expects to use the connection again; of the last request. */
    private boolean clientKeepsAlive = true;

    /** The last response has begun. */
    private boolean lastResponse;

    /** The last response has ended, and awaits being written out. */
    private boolean lastResponseEnded;

    private Http1Connection(Channel channel) {
        this.channel = channel;
        served = ServedConnection.of(channel);
        tracked = served.tracked();
        halfClosureBefore =
                Objects.requireNonNullElse(channel.config().getOption(ChannelOption.ALLOW_HALF_CLOSURE), false);
        bytes = new Http1Bytes(this);
        messages = new Http1Messages(this);
        linger = new LingeringClose((DuplexChannel) channel, tracked, bytes::closeNow);
        draining = tracked.drainReason().isPresent();
    }

    /**
     * Adds a codec to the end of a pipeline, with the handlers in front of it and behind it that watch it. Handlers of the
     * application come after it; TLS comes before it.
     *
     * <p>The channel is set to allow half-closure: a client that has sent its request and closed its side gets its
     * response.
     *
     * @param codec an {@code HttpServerCodec}, or a decoder and an encoder; handlers that turn bytes into HTTP objects and
     *     back, and none that aggregates
     * @throws IllegalStateException if the channel was not accepted by a {@link NettyServer}
     */
    public static Http1Connection install(ChannelPipeline pipeline, ChannelHandler... codec) {
        Http1Connection connection = new Http1Connection(pipeline.channel());
        pipeline.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        pipeline.addLast(connection.bytes);
        pipeline.addLast(codec);
        pipeline.addLast(connection.messages);
        connection.served.protocol(connection);
        return connection;
    }

    /** The entry in the registry. */
    public TrackedConnection tracked() {
        return tracked;
    }

    /** Whether no further request will be given to the application. */
    public boolean isLast() {
        return lastResponse || exhausted;
    }

    /**
     * The application takes the connection: after 101, or a CONNECT that was accepted. The handlers that watched it leave
     * the pipeline, no drain waits for it, and half-closure is allowed again only if it was before.
     *
     * @throws IllegalStateException if no request was received, or the connection has ended
     */
    public void hijack() {
        served.hijack();
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, halfClosureBefore);
        channel.pipeline().remove(messages);
        channel.pipeline().remove(bytes);
    }

    // What a drain asks for.

    @Override
    public void drain(DrainReason reason) {
        drainChanged();
    }

    @Override
    public void resume() {
        drainChanged();
    }

    private void drainChanged() {
        // What the registry says now: a drain and its undoing may arrive in either order, and a request before both.
        boolean now = tracked.drainReason().isPresent();
        if (now != draining) {
            draining = now;
            admitted = now && nextBegun;
        }
    }

    @Override
    public void closeIdle() {
        bytes.closeNow();
    }

    // What happens in front of the codec.

    /** Whether what comes is read only so that the client can go on sending until it has seen the last response. */
    boolean discardsInput() {
        return linger.begun() || (isLast() && !requestOpen);
    }

    void discarded(int count) {
        linger.discarded(count);
    }

    /** Bytes that are not only empty lines go to the codec. */
    void bytesArrived() {
        if (requestOpen || nextBegun) {
            return;
        }
        nextBegun = true;
        ConnectionState state = tracked.state();
        if (state == ConnectionState.NEW || state == ConnectionState.IDLE) {
            tracked.active();
        }
    }

    /** The client has closed its side. */
    void inputClosed() {
        boolean requestBroken = requestOpen && !messages.responding();
        exhausted = true;
        inputClosed = true;
        if (linger.begun() || outstanding == 0 || requestBroken) {
            bytes.closeNow();
        }
    }

    /** The application closes; true if the connection lingers for it. */
    boolean lingersInsteadOfClose() {
        boolean answered = requestSeen && outstanding == 0;
        if (!linger.begun() && answered && unreadInput() && !inputClosed) {
            linger.begin(true);
        }
        return linger.begun();
    }

    void closed() {
        linger.cancel();
    }

    // What happens behind the codec.

    /** A request's head is decoded; false if the application is not to get it. */
    boolean admits(HttpRequest request) {
        drainChanged();
        if (isLast() || (draining && unanswered > 0 && !admitted)) {
            exhausted = true;
            return false;
        }
        admitted = false;
        nextBegun = false;
        requestSeen = true;
        requestOpen = true;
        unanswered++;
        outstanding++;
        clientKeepsAlive = HttpUtil.isKeepAlive(request);
        // After one that cannot be understood nobody knows where the next begins; and after one that asks to close no
        // other
        // is to be served (RFC 9112, section 9.6).
        exhausted = request.decoderResult().isFailure() || !clientKeepsAlive;
        return true;
    }

    /** A request was read to its end. */
    void requestEnds() {
        requestOpen = false;
        nextBegun = bytes.undecoded();
        settle();
    }

    /** A final response begins; true if it is the last one and has to say so. */
    boolean closesWith(boolean applicationCloses) {
        drainChanged();
        unanswered = Math.max(0, unanswered - 1);
        boolean anotherFollows = unanswered > 0 || (admitted && nextBegun && !exhausted);
        lastResponse = applicationCloses || ((draining || exhausted) && !anotherFollows);
        return lastResponse && !applicationCloses;
    }

    /** A final response was handed to the codec to its last byte. */
    void responseEnds() {
        unwritten++;
        lastResponseEnded = lastResponse;
    }

    /** The last byte of a response is in the socket. */
    void responseWritten() {
        unwritten--;
        if (outstanding > 0) {
            outstanding--;
            tracked.requestServed();
        }
        if (lastResponseEnded && unwritten == 0) {
            end();
        } else {
            settle();
        }
    }

    private void settle() {
        boolean waits = outstanding == 0 && unwritten == 0 && !requestOpen && !nextBegun;
        if (!waits || tracked.state() != ConnectionState.ACTIVE) {
            return;
        }
        if (inputClosed) {
            bytes.closeNow();
        } else {
            tracked.idle();
        }
    }

    private void end() {
        if (inputClosed || (!unreadInput() && !clientKeepsAlive)) {
            bytes.closeNow();
        } else {
            linger.begin(unreadInput());
        }
    }

    /** Whether the client is sending, or has sent, what nobody will read: to close now would be to reset. */
    private boolean unreadInput() {
        return requestOpen || nextBegun || linger.hasDiscarded();
    }
}
