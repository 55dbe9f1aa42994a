package dev.baton.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyProtocolException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Netty's decoder, behind a look at each byte up to the point at which the header's length is known.
 *
 * <p>Netty waits for 13 bytes before it looks at the first, lets a line of version 1 be three bytes longer than the
 * specification does, and takes whatever stands behind the signature of version 2 for a version. Here the first byte that
 * cannot be in a header ends the connection, and so does a length beyond the limit, before what it announces is read.
 */
final class ProxyHeaderDecoder extends HAProxyMessageDecoder {
    /** The line end included (section 2.1). */
    static final int MAX_V1 = 107;

    /**
     * What may follow the first 16 bytes: addresses, of which those of Unix sockets take 216 bytes, and extensions. It is
     * about the smallest TCP segment that every host takes, in which the specification wants a header to fit.
     */
    static final int MAX_V2 = 536;

    private static final int MIN_V1 = "PROXY UNKNOWN\r\n".length();
    private static final byte[] V1 = "PROXY ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] V2 = "\r\n\r\n\0\r\nQUIT\n".getBytes(StandardCharsets.US_ASCII);
    private static final int V2_ADDRESSES = 216;

    private final ProxyHeader header;
    private boolean binary;
    private boolean lengthKnown;
    private boolean refused;
    private int seen;
    private byte previous;

    ProxyHeaderDecoder(ProxyHeader header) {
        super(MAX_V2 - V2_ADDRESSES);
        this.header = header;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        ByteBuf bytes = (ByteBuf) message;
        String fault = refused ? null : fault(bytes);
        if (fault == null && !refused) {
            super.channelRead(ctx, bytes);
            if (ctx.isRemoved()) {
                header.decoderRemoved();
            }
            return;
        }
        bytes.release();
        if (fault != null) {
            refused = true;
            ctx.fireExceptionCaught(new HAProxyProtocolException(fault));
        }
    }

    /** What is wrong with the header; null if nothing is as far as it has come. */
    private @Nullable String fault(ByteBuf bytes) {
        String fault = null;
        for (int i = bytes.readerIndex(); i < bytes.writerIndex() && fault == null && !lengthKnown; i++) {
            byte next = bytes.getByte(i);
            if (seen == 0) {
                binary = next == V2[0];
            }
            fault = binary ? faultOfV2(next) : faultOfV1(next);
            previous = next;
            seen++;
        }
        return fault;
    }

    private @Nullable String faultOfV1(byte next) {
        if (seen < V1.length) {
            return next == V1[seen] ? null : "no PROXY protocol header";
        }
        if (next == '\n') {
            lengthKnown = true;
            return previous == '\r' && seen + 1 >= MIN_V1 ? null : "PROXY protocol header with a bad line end";
        }
        return seen + 1 < MAX_V1 ? null : "PROXY protocol header of more than " + MAX_V1 + " bytes";
    }

    private @Nullable String faultOfV2(byte next) {
        if (seen < V2.length) {
            return next == V2[seen] ? null : "no PROXY protocol header";
        }
        if (seen == 12 && (next & 0xf0) != 0x20) {
            return "PROXY protocol header of an unknown version";
        }
        if (seen < 15) {
            return null;
        }
        lengthKnown = true;
        int length = (previous & 0xff) << 8 | (next & 0xff);
        return length <= MAX_V2 ? null : "PROXY protocol header with " + length + " bytes of addresses and extensions";
    }
}
