package dev.baton.http;

import dev.baton.netty.MigrationEvent;
import dev.baton.netty.ServedConnection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.handler.codec.compression.DecompressionException;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The event loop's side of a WebSocket: frames in and out, and how it ends.
 *
 * <pre>
 *   OPEN --Close sent------> closeSent -----Close received or timeout--> socket closed
 *     |---Close received---> closeReceived --Close sent----------------> socket closed
 *     |---violation--------> failed: Close sent, output closed, input thrown away --its end or timeout--> socket closed
 * </pre>
 *
 * <p>The server closes the socket first, when both have said Close (RFC 6455, section 7.1.1). After a violation the client
 * may be sending still: a close(2) then would reset the connection, and the Close with its reason might never be read.
 *
 * <p>The socket is read as the listener requests. After our Close it is read in any case, within a bound, because the
 * peer's Close has to be found behind what it had sent before.
 */
final class WebSocketChannel extends ChannelInboundHandlerAdapter {
    /** What may wait for the listener while the peer's Close is looked for. */
    private static final int MAX_AHEAD = 1 << 20;
    /** What may have come of a frame that is not complete, and moves. */
    private static final int MAX_BEGUN = 16 << 10;

    private final Channel channel;
    private final WebSocketOptions options;
    private final ServerWebSocket webSocket;
    private final WebSocketReceiver receiver;
    private final Heartbeat heartbeat;
    private final TextDecoder text = new TextDecoder();

    private boolean inText;
    /** A frame of a message has come, and not its last. */
    private boolean messageOpen;

    private long messageSize;
    private boolean closeSent;
    private boolean closeReceived;
    private boolean failed;
    private boolean ended;
    private boolean pongPending;
    private @Nullable ByteBuf nextPong;
    private @Nullable Future<?> closeDeadline;

    WebSocketChannel(Channel channel, WebSocketOptions options, ServerWebSocket webSocket, WebSocketReceiver receiver) {
        this.channel = channel;
        this.options = options;
        this.webSocket = webSocket;
        this.receiver = receiver;
        this.heartbeat =
                new Heartbeat(channel, options.pingInterval(), this::isReading, webSocket.move()::look, this::peerLost);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        channel.config().setOption(ChannelOption.AUTO_READ, false);
        heartbeat.start();
        webSocket.move().begin();
    }

    // --- in ---

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        heartbeat.heard();
        WebSocketFrame frame = (WebSocketFrame) message;
        try {
            if (!failed && !closeReceived) {
                receive(frame);
            }
        } finally {
            frame.release();
        }
    }

    private void receive(WebSocketFrame frame) {
        if (frame.rsv() != 0) {
            fail(
                    CloseCode.PROTOCOL_ERROR,
                    new ProtocolException("a reserved bit is set that nothing was agreed on for"));
            return;
        }
        switch (frame) {
            case PingWebSocketFrame ping -> {
                pong(ping.content().retainedDuplicate());
                receiver.offer(new Received.Ping(copy(ping.content())));
            }
            case PongWebSocketFrame pong -> {
                if (!heartbeat.isAnswer(pong.content())) {
                    receiver.offer(new Received.Pong(copy(pong.content())));
                }
            }
            case CloseWebSocketFrame close -> closed(close);
            case TextWebSocketFrame first -> data(first, true);
            case BinaryWebSocketFrame first -> data(first, false);
            case ContinuationWebSocketFrame next -> data(next, inText);
            default -> throw new IllegalStateException("an unknown frame: " + frame);
        }
    }

    private void data(WebSocketFrame frame, boolean isText) {
        ByteBuf content = frame.content();
        boolean last = frame.isFinalFragment();
        inText = isText;
        messageOpen = !last;
        messageSize += content.readableBytes();
        if (messageSize > options.maxMessageSize()) {
            fail(CloseCode.TOO_BIG, new IOException("a message is larger than " + options.maxMessageSize() + " bytes"));
            return;
        }
        if (last) {
            messageSize = 0;
        }
        if (!isText) {
            receiver.offer(new Received.Binary(copy(content), last));
            return;
        }
        try {
            receiver.offer(new Received.Text(text.decode(content, last), last));
        } catch (CharacterCodingException e) {
            fail(CloseCode.BAD_DATA, e);
        }
    }

    private static ByteBuffer copy(ByteBuf content) {
        ByteBuffer copy = ByteBuffer.allocate(content.readableBytes());
        content.getBytes(content.readerIndex(), copy);
        return copy.flip();
    }

    private void closed(CloseWebSocketFrame close) {
        closeReceived = true;
        webSocket.inputClosed();
        int code = close.statusCode() < 0 ? CloseCode.NONE : close.statusCode();
        receiver.offer(new Received.Close(code, close.reasonText()));
        if (closeSent) {
            closeWhenWritten();
        } else {
            within(options.closeTimeout(), () -> webSocket.answerClose(code));
        }
    }

    /** The last Ping is answered when the answer to the one before is written: no peer can pile answers up here. */
    private void pong(ByteBuf data) {
        if (pongPending) {
            if (nextPong != null) {
                nextPong.release();
            }
            nextPong = data;
        } else if (closeSent) {
            data.release();
        } else {
            pongPending = true;
            var _ = channel.writeAndFlush(new PongWebSocketFrame(data)).addListener(_ -> {
                pongPending = false;
                ByteBuf next = nextPong;
                nextPong = null;
                if (next != null) {
                    pong(next);
                } else {
                    webSocket.move().look();
                }
            });
        }
    }

    /**
     * Reads if the listener waits, or the peer's Close is waited for. One that is to come to rest reads only to the end of
     * what has begun.
     */
    void updateReading() {
        boolean ahead = closeSent && !closeReceived && receiver.size() < MAX_AHEAD;
        if (!webSocket.move().isFrozen() && (failed || isReading() || ahead)) {
            channel.read();
        }
    }

    private boolean isReading() {
        return receiver.isAwaiting() && (!webSocket.move().isPressing() || isInMessage());
    }

    private boolean isInMessage() {
        WebSocketFrames.Decoder decoder = channel.pipeline().get(WebSocketFrames.Decoder.class);
        return messageOpen || (decoder != null && decoder.begun() > MAX_BEGUN);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        updateReading();
        webSocket.move().look();
    }

    // --- to another process ---

    /** Whether, as far as the event loop knows, the WebSocket is between two messages. */
    boolean isAtRest() {
        return !closeSent && !closeReceived && !failed && !pongPending && !isInMessage() && isWritten();
    }

    /** A Ping of the heartbeat may be on its way to the socket, for which nobody waits. */
    private boolean isWritten() {
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        return outbound != null && outbound.totalPendingWriteBytes() == 0;
    }

    long question() {
        return heartbeat.question();
    }

    /** The last Ping was sent in another process. */
    void question(long asked) {
        heartbeat.question(asked);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == MigrationEvent.FROZEN) {
            heartbeat.stop();
        } else if (event == MigrationEvent.ENDED && webSocket.move().isFrozen()) {
            heartbeat.start();
            webSocket.move().thawed();
            updateReading();
        }
        ctx.fireUserEventTriggered(event);
    }

    /** It leaves before the connection has ended: the connection is given up here. */
    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (!ended) {
            release();
            webSocket.ended(true);
        }
    }

    /** Nothing comes any more. */
    void release() {
        ended = true;
        heartbeat.stop();
        webSocket.move().end();
        if (closeDeadline != null) {
            closeDeadline.cancel(false);
        }
        if (nextPong != null) {
            nextPong.release();
            nextPong = null;
        }
    }

    // --- out ---

    void write(WebSocketFrame frame, CompletableFuture<Void> sent) {
        var _ = channel.writeAndFlush(frame).addListener(done -> webSocket.complete(sent, done.cause()));
    }

    void writeClose(int code, String reason, CompletableFuture<Void> sent) {
        closeSent = true;
        CloseWebSocketFrame close =
                code == CloseCode.NONE ? new CloseWebSocketFrame() : new CloseWebSocketFrame(code, reason);
        var _ = channel.writeAndFlush(close).addListener(done -> {
            webSocket.complete(sent, done.cause());
            if (failed && done.isSuccess()) {
                var _ = ServedConnection.of(channel).shutdownOutput();
            } else if (closeReceived) {
                var _ = channel.close();
            }
        });
        within(options.closeTimeout(), this::peerSilent);
        updateReading();
    }

    // --- the end ---

    /** One deadline at a time: each step of the closing handshake has its own. */
    private void within(Duration time, Runnable otherwise) {
        if (closeDeadline != null) {
            closeDeadline.cancel(false);
        }
        closeDeadline = channel.eventLoop().schedule(otherwise, time.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void peerSilent() {
        if (!closeReceived) {
            receiver.fail(new SocketTimeoutException("the peer did not answer a Close in time"));
        }
        var _ = channel.close();
    }

    private void peerLost() {
        receiver.fail(new SocketTimeoutException("the peer did not answer a Ping in time"));
        var _ = channel.close();
    }

    /** Behind the Close, if it is still on its way. */
    private void closeWhenWritten() {
        var _ = channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }

    /** What comes from now on is thrown away in front of the decoder. */
    private void fail(int code, Exception cause) {
        failed = true;
        webSocket.inputClosed();
        receiver.fail(cause);
        ChannelHandlerContext decoder = channel.pipeline().context(WebSocketFrames.Decoder.class);
        if (decoder != null && channel.pipeline().get(DiscardingHandler.class) == null) {
            channel.pipeline().addBefore(decoder.name(), null, new DiscardingHandler());
        }
        webSocket.fail(code);
        updateReading();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        switch (cause) {
            case CorruptedWebSocketFrameException bad ->
                fail(bad.closeStatus().code(), (IOException) new ProtocolException(bad.getMessage()).initCause(bad));
            case DecompressionException bad ->
                fail(bad.getCause() == null ? CloseCode.TOO_BIG : CloseCode.BAD_DATA, new IOException(bad));
            case IOException broken -> {
                receiver.fail(broken);
                var _ = channel.close();
            }
            default -> fail(CloseCode.INTERNAL_ERROR, new IOException(cause));
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        release();
        webSocket.ended(!closeReceived && !failed);
        ctx.fireChannelInactive();
    }
}
