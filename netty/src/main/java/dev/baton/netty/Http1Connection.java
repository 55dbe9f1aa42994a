package dev.baton.netty;

import dev.baton.drain.ConnectionState;
import dev.baton.drain.DrainReason;
import dev.baton.drain.TrackedConnection;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/1.1 connection: when it is active and idle, and how it ends without loss.
 *
 * <p>It watches both sides of the codec, whichever that is: in front of it through {@link Http1Bytes}, where requests
 * begin, and behind it as a handler, where requests are whole and responses not yet encoded. Everything happens in the
 * connection's event loop, and so does every call of its methods.
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
public final class Http1Connection extends ChannelDuplexHandler implements ConnectionProtocol, ChannelFutureListener {
    /** The name of the protocol for live migration. */
    public static final String PROTOCOL = "http/1.1";

    private final ServedConnection served;
    private final Http1Bytes bytes;
    private final boolean halfClosureBefore;

    /** Written in the event loop. */
    @Nullable
    private volatile LingeringClose linger;

    /** Input was thrown away that the client may still be sending. */
    private boolean inputDiscarded;

    /** The application has got the head of a request and not yet its end. */
    private boolean requestOpen;

    /** Bytes of a request have come whose head the application has not got. */
    private boolean nextBegun;

    /** {@link #nextBegun} at the moment at which the loop heard of the drain: that request is still served. */
    private boolean admitted;

    /** Requests that the application has got and whose response has not begun. */
    private int unanswered;

    /** A final response has begun and not ended. */
    private boolean responding;

    /** The response that is being written is informational (1xx): its end is not the end of the answer. */
    private boolean interim;

    /** Responses that have ended but are not written out. */
    private int unwritten;

    private boolean draining;

    /**
     * The server drains, and the connection is to move when it is at rest: until then it is served as if there were no
     * drain. Never together with {@link #draining}.
     */
    private boolean migrating;

    /** No request can follow: the input is closed or cannot be understood, or a request was thrown away. */
    private boolean exhausted;

    /** A request was not admitted: whatever comes from the codec belongs to it, or comes after it. */
    private boolean dropping;

    /** The client has closed its side. */
    private boolean inputClosed;

    /** The application has got a request. */
    private boolean requestSeen;

    /** Whether the client expects to use the connection again; of the last request. */
    private boolean clientKeepsAlive = true;

    /** The last response has begun. */
    private boolean lastResponse;

    private Http1Connection(ServedConnection served, boolean atHead) {
        this.served = served;
        halfClosureBefore = Objects.requireNonNullElse(
                served.channel().config().getOption(ChannelOption.ALLOW_HALF_CLOSURE), false);
        bytes = new Http1Bytes(this, atHead);
    }

    /**
     * Adds a codec to the end of a pipeline, with what watches it in front of it and behind it. Handlers of the
     * application come after it. Handlers that change the bytes, such as TLS, come before it, and are in the pipeline
     * already.
     *
     * <p>The channel is set to allow half-closure: a client that has sent its request and closed its side gets its
     * response.
     *
     * @param codec an {@code HttpServerCodec}, or a decoder and an encoder; handlers that turn bytes into HTTP objects and
     *     back, and none that aggregates
     * @throws IllegalStateException if the channel was not accepted by a {@link NettyServer}
     */
    public static Http1Connection install(ChannelPipeline pipeline, ChannelHandler... codec) {
        Http1Connection connection = of(pipeline, isHeadLast(pipeline));
        if (!connection.bytes.atHead()) {
            pipeline.addLast(connection.bytes);
        }
        pipeline.addLast(codec);
        pipeline.addLast(connection);
        return connection.begin();
    }

    /**
     * The same around a codec that is in the pipeline, of which nothing has been read yet: for pipelines that others build.
     *
     * @param codec its name in the pipeline
     * @throws IllegalStateException if the channel was not accepted by a {@link NettyServer}
     */
    public static Http1Connection watch(ChannelPipeline pipeline, String codec) {
        Http1Connection connection = of(pipeline, isBehindHead(pipeline, codec));
        if (!connection.bytes.atHead()) {
            pipeline.addBefore(codec, null, connection.bytes);
        }
        pipeline.addAfter(codec, null, connection);
        return connection.begin();
    }

    private static Http1Connection of(ChannelPipeline pipeline, boolean atHead) {
        Http1Connection connection = new Http1Connection(ServedConnection.of(pipeline.channel()), atHead);
        pipeline.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        return connection;
    }

    /** All handlers are in their places. */
    private Http1Connection begin() {
        served.protocol(this);
        drainChanged();
        return this;
    }

    /** Whether what is added to the end comes directly behind the head; initializers leave the pipeline by themselves. */
    private static boolean isHeadLast(ChannelPipeline pipeline) {
        boolean last = false;
        for (Map.Entry<String, ChannelHandler> each : pipeline) {
            last = isHead(each.getValue(), last);
        }
        return last;
    }

    /** Whether the handler of this name comes directly behind the head. */
    private static boolean isBehindHead(ChannelPipeline pipeline, String name) {
        boolean last = false;
        for (Map.Entry<String, ChannelHandler> each : pipeline) {
            if (each.getKey().equals(name)) {
                return last;
            }
            last = isHead(each.getValue(), last);
        }
        return false;
    }

    private static boolean isHead(ChannelHandler handler, boolean before) {
        return handler instanceof ServedConnection || (before && handler instanceof ChannelInitializer);
    }

    /** The entry in the registry. */
    public TrackedConnection tracked() {
        return served.tracked();
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
        served.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, halfClosureBefore);
        giveWay();
    }

    /**
     * The connection goes on with another protocol: the handlers that watched it leave the pipeline. The other is installed
     * in the same event, after the encoder has left the pipeline and before the decoder does, which then passes on the bytes
     * that it holds.
     */
    public void giveWay() {
        Channel channel = served.channel();
        channel.pipeline().remove(this);
        if (!bytes.atHead()) {
            channel.pipeline().remove(bytes);
        }
    }

    /**
     * Bytes that the codec has given back undecoded come again, as if they were read now. The codec must hold nothing.
     *
     * @param read what was read from the socket and not decoded; released here
     */
    public void replay(ByteBuf read) {
        ChannelHandlerContext front = front();
        if (front == null) {
            read.release();
        } else {
            bytes.replay(front, read);
        }
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
        if (served.isSuspended()) {
            // A write of the application, which is held back. When the connection goes on here, this is called again.
            return;
        }
        // What the registry says now: a drain and its undoing may arrive in either order, and a request before both.
        if (tracked().drainReason().isEmpty()) {
            draining = false;
            stopMigrating();
        } else if (migrating) {
            if (!served.departure().mayMove()) {
                stayAndDrain();
            }
        } else if (!draining) {
            if (!isLast() && served.departure().mayMove()) {
                migrating = true;
                served.channel().pipeline().fireUserEventTriggered(MigrationEvent.BEGUN);
            } else {
                draining = true;
                admitted = nextBegun;
            }
        }
    }

    /** The connection cannot move after all. */
    private void stayAndDrain() {
        served.home().migrator().connectionStayed();
        draining = true;
        admitted = nextBegun;
        stopMigrating();
    }

    private void stopMigrating() {
        if (migrating) {
            migrating = false;
            served.channel().pipeline().fireUserEventTriggered(MigrationEvent.ENDED);
        }
    }

    // Live migration.

    @Override
    public Optional<String> migratesAs() {
        return Optional.of(PROTOCOL);
    }

    /**
     * Bytes of a request that has begun can move if the decoder gives them back; and if nothing in front of it has changed
     * them, because they begin again at the head of the other process's pipeline.
     */
    @Override
    public boolean isAtRest() {
        return isBetweenRequests()
                && !isLast()
                && !dropping
                && !inputClosed
                && !inputDiscarded
                && linger == null
                && (!nextBegun || canGiveBack());
    }

    private boolean isBetweenRequests() {
        return outstanding() == 0 && !requestOpen;
    }

    private boolean canGiveBack() {
        return bytes.atHead() && served.channel().pipeline().get(UndispatchedBytes.class) != null;
    }

    /** The responses are written: now or never. A decoder that cannot give back what it has must go on with it. */
    private void moveIfBetweenRequests() {
        if (migrating && isBetweenRequests()) {
            if (served.departure().canMoveNow()) {
                served.departure().ask();
            } else {
                stayAndDrain();
            }
        }
    }

    @Override
    public void closeIdle() {
        closeNow();
    }

    /** Closes the channel, without lingering. The application's handlers are not asked. */
    private void closeNow() {
        ChannelHandlerContext front = front();
        if (front != null) {
            var _ = front.close();
        }
    }

    @Override
    public boolean isAnswered() {
        return linger != null;
    }

    /** The place in front of the codec; null if the channel is closed. */
    @Nullable
    private ChannelHandlerContext front() {
        return served.channel().pipeline().context(bytes.atHead() ? served : bytes);
    }

    // What happens in front of the codec.

    /** What handles the transport's events in the place of {@link ServedConnection}; null if that has its own place. */
    @Nullable
    ChannelDuplexHandler handlerAtHead() {
        return bytes.atHead() ? bytes : null;
    }

    /** Whether what comes is read only so that the client can go on sending until it has seen the last response. */
    boolean discardsInput() {
        return linger != null || (isLast() && !requestOpen);
    }

    void discarded(int count) {
        inputDiscarded = true;
        LingeringClose begun = linger;
        if (begun != null) {
            begun.discarded(count);
        }
    }

    /** Bytes that are not only empty lines go to the codec. */
    void bytesArrived() {
        if (requestOpen || nextBegun) {
            return;
        }
        nextBegun = true;
        ConnectionState state = tracked().state();
        if (state == ConnectionState.NEW || state == ConnectionState.IDLE) {
            tracked().active();
        }
    }

    /** The client has closed its side; the codec has not heard of it. What is held back for another process goes on. */
    void inputCloses() {
        if (migrating) {
            stayAndDrain();
        }
    }

    /** The client has closed its side. */
    void inputClosed() {
        boolean requestBroken = requestOpen && !responding;
        exhausted = true;
        inputClosed = true;
        if (linger != null || outstanding() == 0 || requestBroken) {
            closeNow();
        }
    }

    /** The application closes; true if the connection lingers for it. */
    boolean lingersInsteadOfClose() {
        boolean answered = requestSeen && outstanding() == 0;
        if (answered && unreadInput() && !inputClosed) {
            linger(true);
        }
        return linger != null;
    }

    private void linger(boolean unread) {
        if (linger == null) {
            LingeringClose begun = new LingeringClose((DuplexChannel) served.channel(), tracked(), this::closeNow);
            linger = begun;
            begun.begin(unread);
        }
    }

    void closed() {
        LingeringClose begun = linger;
        if (begun != null) {
            begun.cancel();
        }
    }

    // What happens behind the codec.

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!dropping && message instanceof HttpRequest request) {
            dropping = !admits(request);
        }
        if (dropping) {
            ReferenceCountUtil.release(message);
            return;
        }
        if (message instanceof LastHttpContent) {
            requestEnds();
        }
        ctx.fireChannelRead(message);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        Object toWrite = message;
        if (message instanceof HttpResponse response) {
            interim = Responses.isInterim(response);
            if (!interim) {
                responding = true;
                if (closesWith(!HttpUtil.isKeepAlive(response))) {
                    toWrite = Responses.closing(response);
                }
            }
        }
        if (message instanceof LastHttpContent && interim) {
            interim = false;
        } else if (message instanceof LastHttpContent) {
            responding = false;
            unwritten++;
            var _ = ctx.write(toWrite, promise.unvoid()).addListener(this);
            return;
        }
        var _ = ctx.write(toWrite, promise);
    }

    /** The last part of a response was written; a listener of the connection's own, so that none is made for each. */
    @Override
    public void operationComplete(ChannelFuture write) {
        if (write.isSuccess()) {
            responseWritten();
        }
        // Otherwise the connection is broken, and its end follows; or the codec has refused the response, and the
        // application that gets to know it through the same future has to close.
    }

    /** A request's head is decoded; false if the application is not to get it. */
    private boolean admits(HttpRequest request) {
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
        clientKeepsAlive = HttpUtil.isKeepAlive(request);
        // After one that cannot be understood nobody knows where the next begins; and after one that asks to close no
        // other is to be served (RFC 9112, section 9.6).
        exhausted = request.decoderResult().isFailure() || !clientKeepsAlive;
        return true;
    }

    /** A request was read to its end. */
    private void requestEnds() {
        requestOpen = false;
        nextBegun = bytes.undecoded();
        settle();
    }

    /** A final response begins; true if it is the last one and has to say so. */
    private boolean closesWith(boolean applicationCloses) {
        drainChanged();
        unanswered = Math.max(0, unanswered - 1);
        boolean anotherFollows = unanswered > 0 || (admitted && nextBegun && !exhausted);
        lastResponse = applicationCloses || ((draining || exhausted) && !anotherFollows);
        return lastResponse && !applicationCloses;
    }

    /** The last byte of a response is in the socket. */
    private void responseWritten() {
        unwritten--;
        tracked().requestServed();
        if (lastResponse && !responding && unwritten == 0) {
            end();
        } else {
            settle();
        }
    }

    /** Requests that the application has got, or has begun to answer, and whose response is not written out. */
    private int outstanding() {
        return unanswered + (responding ? 1 : 0) + unwritten;
    }

    private void settle() {
        boolean waits = outstanding() == 0 && !requestOpen && !nextBegun;
        if (waits && tracked().state() == ConnectionState.ACTIVE) {
            if (inputClosed) {
                closeNow();
                return;
            }
            tracked().idle();
        }
        moveIfBetweenRequests();
    }

    private void end() {
        if (inputClosed || (!unreadInput() && !clientKeepsAlive)) {
            closeNow();
        } else {
            linger(unreadInput());
        }
    }

    /** Whether the client is sending, or has sent, what nobody will read: to close now would be to reset. */
    private boolean unreadInput() {
        return requestOpen || nextBegun || inputDiscarded;
    }
}
