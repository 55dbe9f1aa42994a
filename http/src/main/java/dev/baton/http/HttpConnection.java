package dev.baton.http;

import dev.baton.http.Dispatcher.Accepted;
import dev.baton.http.Dispatcher.Refused;
import dev.baton.http.RequestBody.Offer;
import dev.baton.netty.MigrationEvent;
import dev.baton.netty.ProxyHeader;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one connection, one after the other: gives each to its handler, and its response to the pipeline.
 *
 * <pre>
 *   WAITING --head--> EXCHANGE --response sent, request read------------> WAITING
 *      |                 |
 *      |                 +-----response sent, request not all read----> DISCARDING --end of request--> WAITING
 *      |                 |                                                  |
 *      +--bad head-------+--last response--------------too much-------------+----> CLOSING
 * </pre>
 *
 * <p>Everything here runs in the event loop; the handler's threads come through {@link ConnectionPort}. A request that arrives while another is being answered waits in {@link #pipelined}, and meanwhile the socket is
 * not read.
 *
 * <p>Closing a connection after a response is left to the pipeline: the response says {@code Connection: close}, and a
 * handler nearer to the socket closes when it has passed ({@link HttpPipeline}).
 */
final class HttpConnection extends ChannelInboundHandlerAdapter implements ExchangeTransport {

    private enum Phase {
        WAITING,
        EXCHANGE,
        DISCARDING,
        CLOSING
    }

    private final Dispatcher dispatcher;
    private final HttpCodec codec;
    private final Channel channel;
    private final ConnectionPort port;
    private final ConnectionTimeouts timeouts;
    private final ArrayDeque<HttpObject> pipelined = new ArrayDeque<>(0);

    /** Set when the handler is added, before anything else happens. */
    private @Nullable ResponseWriter writer;

    private Phase phase = Phase.WAITING;
    private @Nullable Exchange exchange;
    /** Whether the current request has come to its end. */
    private boolean requestEnded = true;
    /** Bytes of the current request's body that have come, and those of them that nobody read. */
    private long received;

    private long discarded;
    /** The body's buffer is full. */
    private boolean bodyFull;
    /** The current response must be the last: of this connection nothing can be read any more. */
    private boolean inputUnusable;
    /** The client has ended its side. */
    private boolean inputEnded;

    private boolean catchingUp;

    /** For a registered channel. */
    HttpConnection(Channel channel, Dispatcher dispatcher, HttpCodec codec) {
        this.channel = channel;
        this.dispatcher = dispatcher;
        this.codec = codec;
        this.port = new ConnectionPort(channel, this);
        this.timeouts = new ConnectionTimeouts(channel, dispatcher.options(), this::onHeadTimeout, this::close);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        writer = new ResponseWriter(ctx);
        timeouts.awaitRequest();
    }

    private ResponseWriter writer() {
        return Objects.requireNonNull(writer);
    }

    // --- requests ---

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        HttpObject part = (HttpObject) message;
        if (phase == Phase.CLOSING) {
            ReferenceCountUtil.release(part);
        } else if (!pipelined.isEmpty() || !canTake(part)) {
            pipelined.add(part);
            updateReading();
        } else {
            take(part);
        }
    }

    private boolean canTake(HttpObject part) {
        return !(part instanceof HttpRequest) || (phase == Phase.WAITING && channel.isWritable());
    }

    private void take(HttpObject part) {
        if (part instanceof HttpRequest request) {
            begin(request);
        }
        if (part instanceof HttpContent content) {
            receive(content);
        }
    }

    private void begin(HttpRequest request) {
        timeouts.lift();
        phase = Phase.EXCHANGE;
        codec.hold();
        requestEnded = false;
        received = 0;
        discarded = 0;
        if (request.decoderResult().isFailure() && Rejection.isPremature(request)) {
            close();
            return;
        }
        switch (dispatcher.dispatch(port, request, Dispatcher.hasBody(request.headers()))) {
            case Refused refused -> refuse(refused.rejection(), request);
            case Accepted accepted -> {
                exchange = accepted.exchange();
                Rejection noThread = dispatcher.start(accepted.exchange());
                if (noThread != null) {
                    exchange = null;
                    refuse(noThread, request);
                }
            }
        }
    }

    private void refuse(Rejection rejection, HttpRequest request) {
        Log.requestRefused(ProxyHeader.remoteAddress(channel), rejection);
        boolean keepAlive = !rejection.close() && Dispatcher.isKeepAlive(request) && !inputUnusable;
        writer().refuse(rejection, keepAlive, request.method());
        responseSent(keepAlive);
    }

    private void receive(HttpContent content) {
        try {
            if (phase == Phase.CLOSING) {
                return;
            }
            if (content.decoderResult().isFailure()) {
                requestBroken(
                        Rejection.BAD_BODY,
                        new IOException(
                                "the request body is malformed",
                                content.decoderResult().cause()));
                return;
            }
            if (content.content().isReadable()) {
                receive(content.content());
            }
            if (content instanceof LastHttpContent) {
                requestEnded = true;
                if (exchange != null) {
                    exchange.requestBody().end();
                } else if (phase == Phase.DISCARDING) {
                    await();
                }
            }
        } finally {
            content.release();
        }
    }

    private void receive(ByteBuf bytes) {
        int size = bytes.readableBytes();
        received += size;
        Offer offer =
                exchange == null ? Offer.DISCARDED : exchange.requestBody().offer(bytes.retain());
        switch (offer) {
            case TAKEN -> {}
            case TAKEN_NOW_STOP -> {
                bodyFull = true;
                updateReading();
            }
            case DISCARDED -> {
                discarded += size;
                if (discarded > dispatcher.options().maxUnreadBody()) {
                    unwanted();
                }
            }
            case TOO_LARGE -> unwanted();
        }
    }

    /** Nobody will read the rest of the request. If the response is still to come, it stays where it is until then. */
    private void unwanted() {
        inputUnusable = true;
        if (phase == Phase.DISCARDING) {
            close();
        } else {
            bodyFull = true;
            updateReading();
        }
    }

    /** Nothing more can be read, but the client may still read the response. */
    private void requestBroken(Rejection answer, IOException cause) {
        inputUnusable = true;
        if (exchange != null) {
            exchange.requestBody().fail(answer, cause);
        } else {
            close();
        }
    }

    // --- responses ---

    @Override
    public void write(ResponsePart part) {
        Exchange current = exchange;
        if (current == null || current.responseBody() != part.body() || phase != Phase.EXCHANGE) {
            part.content().release();
            part.body().connectionClosed(new IOException("the connection is closed"));
            return;
        }
        ResponseHead head = part.head();
        if (head != null) {
            boolean tooMuchLeft = part.last()
                    && !requestEnded
                    && current.announcedLength() - received
                            > dispatcher.options().maxUnreadBody();
            current.keepAlive(head.keepAlive() && !inputUnusable && !tooMuchLeft);
        }
        writer().write(part, current.keepAlive());
        if (part.last()) {
            exchange = null;
            current.requestBody().close();
            responseSent(current.keepAlive() && !inputUnusable);
        }
    }

    private void responseSent(boolean keepAlive) {
        bodyFull = false;
        if (!keepAlive || (inputEnded && pipelined.isEmpty() && !codec.isHolding())) {
            phase = Phase.CLOSING;
            pipelined.forEach(ReferenceCountUtil::release);
            pipelined.clear();
            timeouts.awaitEnd();
            writer().closeAfterResponse();
        } else if (requestEnded) {
            await();
        } else {
            phase = Phase.DISCARDING;
            timeouts.awaitRestOfBody();
            updateReading();
        }
    }

    /** Waits for the next request, or takes one that waits already. */
    private void await() {
        phase = Phase.WAITING;
        codec.proceed();
        catchUp();
        if (phase == Phase.WAITING) {
            timeouts.awaitRequest();
        }
        updateReading();
    }

    /** Not recursive: a request that is answered at once leads back here. */
    private void catchUp() {
        if (catchingUp) {
            return;
        }
        catchingUp = true;
        try {
            while (!pipelined.isEmpty() && canTake(pipelined.element())) {
                take(pipelined.remove());
            }
        } finally {
            catchingUp = false;
        }
    }

    /** Not behind the end of the input: there is nothing to read, and Netty fails to watch for it again (seen). */
    private void updateReading() {
        boolean read = pipelined.isEmpty() && !bodyFull && !codec.isHolding();
        if (phase != Phase.CLOSING && !inputEnded && channel.config().isAutoRead() != read) {
            channel.config().setOption(ChannelOption.AUTO_READ, read);
        }
    }

    // --- events of the channel ---

    /** The one place where it is known that all that was read has been decoded, and that it was not a whole head. */
    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (phase == Phase.WAITING && codec.isHeadBegun()) {
            timeouts.awaitHead();
        } else if (codec.isHolding()) {
            updateReading();
        }
        ctx.fireChannelReadComplete();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (channel.isWritable()) {
            catchUp();
            updateReading();
        }
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            onInputEnded();
        } else if (event == MigrationEvent.BEGUN && phase != Phase.WAITING) {
            codec.hold();
        } else if (event == MigrationEvent.FROZEN) {
            timeouts.freeze();
        } else if (event == MigrationEvent.ENDED) {
            goOnHere();
        }
        ctx.fireUserEventTriggered(event);
    }

    /** The connection was to move, and stays: the codec may hold requests back. */
    private void goOnHere() {
        codec.stay();
        if (phase == Phase.WAITING) {
            await();
        }
        if (phase == Phase.WAITING && codec.isHeadBegun()) {
            timeouts.awaitHead();
        }
        updateReading();
    }

    /** The client sends nothing more. What it has asked for it still gets. */
    private void onInputEnded() {
        inputEnded = true;
        switch (phase) {
            case WAITING -> {
                if (pipelined.isEmpty()) {
                    close();
                }
            }
            case EXCHANGE -> {
                if (!requestEnded && pipelined.isEmpty()) {
                    requestBroken(
                            Rejection.INCOMPLETE_BODY,
                            new EOFException("the client ended the connection before the whole request body"));
                }
            }
            case DISCARDING -> close();
            case CLOSING -> {}
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        ended();
        ctx.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        ended();
    }

    private void ended() {
        phase = Phase.CLOSING;
        timeouts.cancel();
        pipelined.forEach(ReferenceCountUtil::release);
        pipelined.clear();
        Exchange current = exchange;
        exchange = null;
        if (current != null) {
            current.requestBody().connectionClosed();
            current.responseBody().connectionClosed(new IOException("the client closed the connection"));
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Log.connectionFailed(ProxyHeader.remoteAddress(channel), cause);
        close();
    }

    private void onHeadTimeout() {
        requestEnded = false;
        Log.requestRefused(ProxyHeader.remoteAddress(channel), Rejection.HEAD_TIMEOUT);
        writer().refuse(Rejection.HEAD_TIMEOUT, false, null);
        responseSent(false);
    }

    private void close() {
        phase = Phase.CLOSING;
        var _ = channel.close();
    }

    // --- posted by the handler's threads through the port ---

    @Override
    public void resumeReading(RequestBody body) {
        if (exchange != null && exchange.requestBody() == body && !inputUnusable) {
            bodyFull = false;
            updateReading();
        }
    }

    @Override
    public void writeInterim(RequestBody body, HttpResponseStatus status, HttpHeaders headers) {
        if (exchange != null && exchange.requestBody() == body) {
            writer().writeInterim(status, headers);
        }
    }

    @Override
    public void switchProtocol(ResponseBody body, ProtocolSwitch<?> next) {
        Exchange current = exchange;
        if (current == null || current.responseBody() != body) {
            next.refuse(new IOException("the connection is closed"));
        } else if (next.isPossible(requestEnded, pipelined.isEmpty(), body)) {
            exchange = null;
            current.requestBody().close();
            next.perform(writer().context(), codec);
        }
    }

    @Override
    public void abort(ResponseBody body, boolean reset) {
        if (exchange != null && exchange.responseBody() == body) {
            if (reset) {
                channel.config().setOption(ChannelOption.SO_LINGER, 0);
            }
            close();
        }
    }

    @Override
    public void writeFailure(ResponseBody body) {
        Exchange current = exchange;
        if (current != null && current.responseBody() == body) {
            Rejection reason = Objects.requireNonNullElse(current.requestBody().rejection(), Rejection.HANDLER_FAILED);
            current.requestBody().close();
            exchange = null;
            writer().refuse(reason, false, current.method());
            responseSent(false);
        }
    }
}
