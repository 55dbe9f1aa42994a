package dev.baton.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.ByteProcessor;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Sees the bytes of an HTTP/1.1 connection before the codec does.
 *
 * <p><b>Where a request ends.</b> The registry must not call a connection idle while the decoder holds the beginning of
 * the next request, and Netty's decoder does not say what it holds. This handler finds out from the outside. A decoder
 * that holds nothing decodes in the very buffer that it is given (see {@code ByteToMessageDecoder.MERGE_CUMULATOR}), and
 * it passes on the end of a request before it reads a byte of the next. So when that end comes by, what is still readable
 * in the buffer is what follows the request. A decoder that holds something copies the buffer behind it, and nothing can
 * be read off it; but what it holds is a line that is not complete, so the buffer is cut behind its first line feed: with
 * the first part the line is complete and the decoder holds nothing, and the second part is decoded in place again.
 */
final class Http1Bytes extends ChannelDuplexHandler {
    private final Http1Connection http;

    /** Works in the place of {@link ServedConnection} in the pipeline, and has none of its own. */
    private final boolean atHead;

    /** The buffer that the codec decodes at this moment. */
    @Nullable
    private ByteBuf decoding;

    /** Of the bytes read, more than empty lines comes after {@link #decoding}. */
    private boolean moreWaits;

    /** The decoder holds the beginning of a line. */
    private boolean lineBegun;

    Http1Bytes(Http1Connection http, boolean atHead) {
        this.http = http;
        this.atHead = atHead;
    }

    boolean atHead() {
        return atHead;
    }

    /** The codec has given back what it held: it comes again. */
    void replay(ChannelHandlerContext ctx, ByteBuf bytes) {
        lineBegun = false;
        channelRead(ctx, bytes);
        ctx.fireChannelReadComplete();
    }

    /** Whether bytes have come that are not decoded yet, other than empty lines. */
    boolean undecoded() {
        return moreWaits || isMoreThanEmptyLines(decoding);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof ByteBuf bytes)) {
            ctx.fireChannelRead(message);
            return;
        }
        int lineEnd = lineBegun ? bytes.indexOf(bytes.readerIndex(), bytes.writerIndex(), (byte) '\n') : -1;
        if (lineEnd >= 0 && lineEnd + 1 < bytes.writerIndex()) {
            ByteBuf line = bytes.readRetainedSlice(lineEnd + 1 - bytes.readerIndex());
            moreWaits = isMoreThanEmptyLines(bytes);
            try {
                decode(ctx, line);
            } finally {
                moreWaits = false;
            }
            lineBegun = false;
        } else if (lineEnd >= 0) {
            lineBegun = false;
            decode(ctx, bytes);
            return;
        }
        decode(ctx, bytes);
    }

    private void decode(ChannelHandlerContext ctx, ByteBuf bytes) {
        if (http.discardsInput()) {
            http.discarded(bytes.readableBytes());
            bytes.release();
            return;
        }
        if (isMoreThanEmptyLines(bytes)) {
            http.bytesArrived();
        }
        decoding = bytes.retain();
        try {
            ctx.fireChannelRead(bytes);
            lineBegun |= bytes.isReadable();
        } finally {
            decoding = null;
            bytes.release();
        }
    }

    private static boolean isMoreThanEmptyLines(@Nullable ByteBuf bytes) {
        return bytes != null && bytes.forEachByte(ByteProcessor.FIND_NON_CRLF) >= 0;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            http.inputCloses();
        }
        // The decoder first: it may hold what completes a request.
        ctx.fireUserEventTriggered(event);
        if (event instanceof ChannelInputShutdownEvent) {
            http.inputClosed();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.fireExceptionCaught(cause);
        if (cause instanceof IOException) {
            // From the transport: the peer has reset the connection. With half-closure allowed, Netty leaves it open.
            var _ = ctx.close();
        }
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        if (http.lingersInsteadOfClose()) {
            if (!promise.isVoid()) {
                var _ = ctx.channel().closeFuture().addListener(_ -> promise.trySuccess());
            }
        } else {
            var _ = ctx.close(promise);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        http.closed();
        ctx.fireChannelInactive();
    }
}
