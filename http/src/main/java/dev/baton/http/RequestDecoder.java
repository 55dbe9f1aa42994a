package dev.baton.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpConstants;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import java.util.List;

/**
 * Netty's decoder of HTTP/1.1 requests at its strictest, and stricter in one point: a header line that begins with a space
 * or a tab (obsolete line folding, RFC 9112, section 5.2) makes the request bad, where Netty joins it to the line before.
 *
 * <p>It also knows whether a head has begun and is not complete, for the head timeout.
 */
final class RequestDecoder extends HttpRequestDecoder {
    /** Larger than a read from the socket, so that a piece of a body is passed on as it came. */
    private static final int MAX_PIECE = 64 * 1024;

    private boolean inHead;
    private boolean folded;

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

    @Override
    protected HttpMessage createMessage(String[] requestLine) throws Exception {
        inHead = true;
        return super.createMessage(requestLine);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
        int start = in.readerIndex();
        int end = in.writerIndex();
        boolean continued = inHead;
        int before = out.size();
        super.decode(ctx, in, out);
        if (inHead) {
            // The head was, or is being, read. Its lines lie between `start` and where the decoder has got to.
            folded |= hasFoldedLine(in, start, Math.min(in.readerIndex(), end), end, continued);
            if (out.size() > before && out.get(before) instanceof HttpRequest request) {
                inHead = false;
                if (folded) {
                    folded = false;
                    request.setDecoderResult(
                            DecoderResult.failure(new IllegalArgumentException("obsolete line folding")));
                }
            }
        }
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
