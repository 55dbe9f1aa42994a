package dev.baton.http;

import dev.baton.http.Dispatcher.Accepted;
import dev.baton.http.Dispatcher.Refused;
import dev.baton.http.RequestBody.Offer;
import dev.baton.netty.DeadlineTimer;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One stream of an HTTP/2 connection, which is one request and its response.
 *
 * <pre>
 *   WAITING --head--> EXCHANGE --response handed over--> ANSWERED --written; the rest of the request refused--> ENDED
 *      |                 |                                  |
 *      +--malformed------+---handler failed, client gone----+--client takes nothing--------------------------> ENDED
 * </pre>
 *
 * <p>Everything here runs in the event loop; the handler's threads come through {@link ConnectionPort}. If the handler does
 * not read the request's body, the stream is not read, and the client's window for it fills up: other streams go on.
 */
final class HttpStream extends ChannelInboundHandlerAdapter implements ExchangeTransport {

    private enum Phase {
        WAITING,
        EXCHANGE,
        ANSWERED,
        ENDED
    }

    private final Dispatcher dispatcher;
    private final Channel stream;
    private final ConnectionPort port;
    private final DeadlineTimer timer;

    /** Set when the handler is added, before anything else happens. */
    private @Nullable StreamWriter writer;

    private Phase phase = Phase.WAITING;
    private @Nullable Exchange exchange;
    /** The client has sent all of its request. */
    private boolean requestEnded;
    /** Bytes of the request's body that nobody read. */
    private long discarded;

    HttpStream(Channel stream, Dispatcher dispatcher) {
        this.stream = stream;
        this.dispatcher = dispatcher;
        this.port = new ConnectionPort(stream, this);
        this.timer = new DeadlineTimer(stream.eventLoop(), this::onWriteTimeout);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        writer = new StreamWriter(ctx);
    }

    private StreamWriter writer() {
        return Objects.requireNonNull(writer);
    }

    // --- the request ---

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        switch (message) {
            case Http2HeadersFrame head when phase == Phase.WAITING -> begin(head);
            case Http2HeadersFrame trailers -> {
                if (!trailers.headers().isEmpty()) {
                    Log.trailersDropped(stream);
                }
                end();
            }
            case Http2DataFrame data -> receive(data);
            default -> ReferenceCountUtil.release(message); // Extensions, which a server ignores (section 5.5).
        }
    }

    private void begin(Http2HeadersFrame head) {
        requestEnded = head.isEndStream();
        StreamRequest.Result result = StreamRequest.of(head.headers(), dispatcher.options());
        HttpRequest request = result.request();
        if (request == null) {
            Log.requestMalformed(stream, String.valueOf(result.malformed()));
            reset(Http2Error.PROTOCOL_ERROR);
            return;
        }
        phase = Phase.EXCHANGE;
        switch (dispatcher.dispatch(port, request, !requestEnded)) {
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
        Log.requestRefused(stream, rejection);
        answered(writer().refuse(rejection, request.method()));
    }

    private void receive(Http2DataFrame data) {
        ByteBuf content = data.content();
        if (!content.isReadable()) {
            content.release();
        } else {
            int size = content.readableBytes();
            switch (exchange == null ? discard(content) : exchange.requestBody().offer(content)) {
                case TAKEN -> {}
                case TAKEN_NOW_STOP, TOO_LARGE -> stream.config().setAutoRead(false);
                case DISCARDED -> {
                    discarded += size;
                    // What lies in the window then is all that comes until the response is sent.
                    if (discarded > dispatcher.options().maxUnreadBody()) {
                        stream.config().setAutoRead(false);
                    }
                }
            }
        }
        if (data.isEndStream()) {
            end();
        }
    }

    private static Offer discard(ByteBuf content) {
        content.release();
        return Offer.DISCARDED;
    }

    private void end() {
        requestEnded = true;
        if (exchange != null) {
            exchange.requestBody().end();
        }
    }

    // --- the response ---

    @Override
    public void write(ResponsePart part) {
        Exchange current = exchange;
        if (current == null || current.responseBody() != part.body()) {
            part.content().release();
            part.body().connectionClosed(new IOException("the stream is closed"));
            return;
        }
        ChannelFuture written = writer().write(part);
        if (part.last()) {
            exchange = null;
            current.requestBody().close();
            answered(written);
        }
    }

    private void answered(ChannelFuture written) {
        phase = Phase.ANSWERED;
        timer.set(dispatcher.options().writeTimeout());
        var _ = written.addListener(_ -> {
            if (phase == Phase.ANSWERED && !requestEnded) {
                // The client need not send the rest (section 8.1).
                reset(Http2Error.NO_ERROR);
            }
        });
    }

    /** The client has not taken the end of its response in all the time that it had. */
    private void onWriteTimeout() {
        if (phase == Phase.ANSWERED) {
            reset(Http2Error.CANCEL);
        }
    }

    private void reset(Http2Error error) {
        phase = Phase.ENDED;
        writer().reset(error);
    }

    // --- posted by the handler's threads through the port ---

    @Override
    public void resumeReading(RequestBody body) {
        if (exchange != null && exchange.requestBody() == body) {
            stream.config().setAutoRead(true);
        }
    }

    @Override
    public void writeInterim(RequestBody body, HttpResponseStatus status, HttpHeaders headers) {
        if (exchange != null && exchange.requestBody() == body) {
            writer().writeInterim(status, headers);
        }
    }

    @Override
    public void abort(ResponseBody body, boolean reset) {
        if (exchange != null && exchange.responseBody() == body) {
            reset(Http2Error.INTERNAL_ERROR);
        }
    }

    @Override
    public void writeFailure(ResponseBody body) {
        Exchange current = exchange;
        if (current != null && current.responseBody() == body) {
            Rejection reason = Objects.requireNonNullElse(current.requestBody().rejection(), Rejection.HANDLER_FAILED);
            current.requestBody().close();
            exchange = null;
            answered(writer().refuse(reason, current.method()));
        }
    }

    // --- events of the channel ---

    /** The stream is over: answered and closed, or reset by the client, or the connection has ended. */
    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        phase = Phase.ENDED;
        timer.cancel();
        Exchange current = exchange;
        exchange = null;
        if (current != null) {
            current.requestBody().connectionClosed();
            current.responseBody().connectionClosed(new IOException("the client closed the stream or the connection"));
        }
        ctx.fireChannelInactive();
    }

    /** A breach of the protocol on this stream; the codec resets it. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Log.connectionFailed(stream, cause);
    }
}
