package dev.baton.http;

import dev.baton.netty.MigrationEvent;
import dev.baton.netty.UndispatchedBytes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpConstants;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.AsciiString;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Netty's decoder of HTTP/1.1 requests at its strictest, and stricter where two servers might still read a head
 * differently. A request with such a head comes out as one that could not be decoded:
 *
 * <ul>
 *   <li>a header line that begins with a space or a tab (obsolete line folding, RFC 9112, section 5.2), which Netty joins
 *       to the line before;
 *   <li>two {@code Content-Length} lines in a request of HTTP/1.0, of which Netty takes the first (section 6.3);
 *   <li>a request line whose parts are not separated by one space each (section 3), and a protocol name in other than
 *       capitals (section 2.3).
 * </ul>
 *
 * <p>It also knows whether a head has begun and is not complete, for the head timeout. And behind a request after which the
 * connection may speak another protocol (an {@code Upgrade}, a CONNECT) it stops: what follows is left undecoded until it
 * is known what it is. So it does behind every request while the connection is to move to another process: what follows
 * moves undecoded. Of a head that comes in several reads it keeps the bytes, because the other process needs them.
 */
final class RequestDecoder extends HttpRequestDecoder implements UndispatchedBytes {
    /** Larger than a read from the socket, so that a piece of a body is passed on as it came. */
    private static final int MAX_PIECE = 64 * 1024;

    private boolean inHead;
    /** What is wrong with the head that is being read, as far as Netty does not see it. */
    private @Nullable String defect;

    private int contentLengths;

    /** Where the next word of the request line must begin in the line. */
    private int nextWord;

    /** What was decoded of the head that is being read, if it has not come in one read. */
    private @Nullable ByteBuf headSoFar;

    /** The connection is to move. */
    private boolean migrating;

    /** No request was decoded in part, but for its head. */
    private boolean between = true;

    /** The request that is being decoded may be the last one of HTTP. */
    private boolean mayBeLast;

    /** That request has come to its end. */
    private boolean stopped;

    /** Bytes are being decoded at this moment. */
    private boolean decoding;

    RequestDecoder(HttpServerOptions options) {
        super(new HttpDecoderConfig()
                .setMaxInitialLineLength(options.maxRequestLine())
                .setMaxHeaderSize(options.maxHeadSize())
                .setMaxChunkSize(MAX_PIECE)
                .setInitialBufferSize(256)
                .setAllowDuplicateContentLengths(false)
                .setStrictLineParsing(true)
                .setUseRfc9112TransferEncoding(true));
    }

    /** Whether a part of a request's head has come and not yet the whole. */
    boolean isHeadBegun() {
        return inHead || internalBuffer().isReadable();
    }

    /** Whether bytes have come behind a request at which decoding has stopped. */
    boolean isHolding() {
        return stopped && internalBuffer().isReadable();
    }

    /**
     * Decodes again what comes from now on.
     *
     * @return what has come meanwhile and is for the caller to bring again, and so to release; empty if there is nothing,
     *     and if the decoder is at it in this very moment and simply goes on, and if what has come is to move
     */
    ByteBuf proceed() {
        if (migrating && internalBuffer().isReadable()) {
            return Unpooled.EMPTY_BUFFER;
        }
        stopped = false;
        if (decoding) {
            return Unpooled.EMPTY_BUFFER;
        }
        ByteBuf held = internalBuffer();
        return held.isReadable() ? held.readBytes(held.readableBytes()) : Unpooled.EMPTY_BUFFER;
    }

    /** Stops before the next request if the connection is to move. */
    void hold() {
        stopped |= migrating && between;
    }

    /** The connection does not move; gives what {@link #proceed} does if it was held for that alone. */
    ByteBuf stay() {
        return mayBeLast ? Unpooled.EMPTY_BUFFER : proceed();
    }

    @Override
    public void copyUndispatched(ByteBuf target) {
        if (headSoFar != null) {
            target.writeBytes(headSoFar, headSoFar.readerIndex(), headSoFar.readableBytes());
        }
        ByteBuf rest = internalBuffer();
        target.writeBytes(rest, rest.readerIndex(), rest.readableBytes());
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
        if (event instanceof MigrationEvent) {
            migrating = event != MigrationEvent.ENDED;
        }
        super.userEventTriggered(ctx, event);
    }

    @Override
    protected void handlerRemoved0(ChannelHandlerContext ctx) throws Exception {
        forgetHead();
        super.handlerRemoved0(ctx);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        decoding = true;
        try {
            super.channelRead(ctx, message);
        } finally {
            decoding = false;
        }
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
        if (stopped) {
            return;
        }
        int start = in.readerIndex();
        int end = in.writerIndex();
        boolean continued = inHead;
        int before = out.size();
        super.decode(ctx, in, out);
        if (inHead) {
            // The head was, or is being, read. Its lines lie between `start` and where the decoder has got to.
            if (hasFoldedLine(in, start, Math.min(in.readerIndex(), end), end, continued)) {
                defect = "obsolete line folding";
            }
            if (out.size() > before && out.get(before) instanceof HttpRequest request) {
                headRead(request);
            } else {
                remember(in, start);
            }
        }
        if (out.size() > before && out.getLast() instanceof LastHttpContent) {
            between = true;
            stopped = mayBeLast || migrating;
        }
    }

    private void remember(ByteBuf in, int start) {
        ByteBuf head = headSoFar == null ? Unpooled.buffer() : headSoFar;
        headSoFar = head.writeBytes(in, start, in.readerIndex() - start);
    }

    private void forgetHead() {
        if (headSoFar != null) {
            headSoFar.release();
            headSoFar = null;
        }
    }

    private void headRead(HttpRequest request) {
        inHead = false;
        between = false;
        forgetHead();
        mayBeLast =
                HttpMethod.CONNECT.equals(request.method()) || request.headers().contains(HttpHeaderNames.UPGRADE);
        if (contentLengths > 1) {
            defect = "more than one Content-Length";
        }
        if (defect != null && request.decoderResult().isSuccess()) {
            request.setDecoderResult(DecoderResult.failure(new IllegalArgumentException(defect)));
        }
    }

    // --- the request line: Netty splits it at any white space, and calls these in this order ---

    @Override
    protected String splitFirstWordInitialLine(byte[] line, int start, int length) {
        defect = null;
        contentLengths = 0;
        nextWord = 0; // Netty copies each line to the beginning of a buffer of its own.
        wordAt(line, start, length);
        return super.splitFirstWordInitialLine(line, start, length);
    }

    @Override
    protected String splitSecondWordInitialLine(byte[] line, int start, int length) {
        wordAt(line, start, length);
        return super.splitSecondWordInitialLine(line, start, length);
    }

    @Override
    protected String splitThirdWordInitialLine(byte[] line, int start, int length) {
        wordAt(line, start, length);
        return super.splitThirdWordInitialLine(line, start, length);
    }

    private void wordAt(byte[] line, int start, int length) {
        if (start != nextWord || (start > 0 && line[start - 1] != HttpConstants.SP)) {
            defect = "the parts of the request line are not separated by one space each";
        }
        nextWord = start + length + 1;
    }

    @Override
    protected HttpMessage createMessage(String[] requestLine) throws Exception {
        inHead = true;
        if (!requestLine[2].startsWith("HTTP/")) {
            defect = "a protocol other than HTTP";
        }
        return super.createMessage(requestLine);
    }

    // --- header lines, and trailers, which do no harm ---

    @Override
    protected AsciiString splitHeaderName(byte[] line, int start, int length) {
        AsciiString name = super.splitHeaderName(line, start, length);
        if (HttpHeaderNames.CONTENT_LENGTH.contentEqualsIgnoreCase(name)) {
            contentLengths++;
        }
        return name;
    }

    /** {@code atLineStart}: the bytes begin with a header line, not with the request line. */
    private static boolean hasFoldedLine(ByteBuf in, int start, int readUpTo, int end, boolean atLineStart) {
        if (atLineStart && start < readUpTo && isBlank(in.getByte(start))) {
            return true;
        }
        int lineFeed = in.indexOf(start, readUpTo, HttpConstants.LF);
        while (lineFeed >= 0 && lineFeed + 1 < Math.min(readUpTo, end)) {
            if (isBlank(in.getByte(lineFeed + 1))) {
                return true;
            }
            lineFeed = in.indexOf(lineFeed + 1, readUpTo, HttpConstants.LF);
        }
        return false;
    }

    private static boolean isBlank(byte value) {
        return value == HttpConstants.SP || value == HttpConstants.HT;
    }
}
