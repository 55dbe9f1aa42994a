package dev.baton.http;

import dev.baton.netty.UndispatchedBytes;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameEncoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.extensions.WebSocketServerExtension;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Netty's codec for a server: the client's frames are masked, the server's are not (RFC 6455, section 5.1). */
final class WebSocketFrames {
    private WebSocketFrames() {}

    /** With a name of our own, to be found by. What violates the protocol is left to {@link WebSocketChannel} to answer. */
    static final class Decoder extends WebSocket13FrameDecoder implements UndispatchedBytes {
        private final byte[] head = new byte[14];
        private int headTaken;

        Decoder(WebSocketOptions options, boolean extended) {
            super(WebSocketDecoderConfig.newBuilder()
                    .maxFramePayloadLength(options.maxFrameSize())
                    .expectMaskedFrames(true)
                    .allowExtensions(extended)
                    .closeOnProtocolViolation(false)
                    .build());
        }

        /**
         * {@inheritDoc}
         *
         * <p>Netty's decoder takes the head of a frame as it comes and waits for the whole payload. What it has taken of a
         * frame that is not complete is kept here, at most 14 bytes, so that another process can begin with it again.
         */
        @Override
        protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
            int from = in.readerIndex();
            int frames = out.size();
            super.decode(ctx, in, out);
            if (out.size() > frames) {
                headTaken = 0;
            } else if (headTaken + in.readerIndex() - from <= head.length) {
                int taken = in.readerIndex() - from;
                in.getBytes(from, head, headTaken, taken);
                headTaken += taken;
            }
        }

        /** How many bytes of a frame have come that is not complete. */
        int begun() {
            return headTaken + actualReadableBytes();
        }

        @Override
        public void copyUndispatched(ByteBuf target) {
            target.writeBytes(head, 0, headTaken);
            if (actualReadableBytes() > 0) {
                ByteBuf rest = internalBuffer();
                target.writeBytes(rest, rest.readerIndex(), rest.readableBytes());
            }
        }
    }

    /** The handlers, with that of the WebSocket behind them. */
    static List<ChannelHandler> codec(
            WebSocketOptions options, Optional<WebSocketServerExtension> compression, ChannelHandler webSocket) {
        List<ChannelHandler> handlers = new ArrayList<>();
        handlers.add(new Decoder(options, compression.isPresent()));
        handlers.add(new WebSocket13FrameEncoder(false));
        compression.ifPresent(extension -> {
            handlers.add(extension.newExtensionDecoder());
            handlers.add(extension.newExtensionEncoder());
        });
        handlers.add(webSocket);
        return handlers;
    }
}
