package dev.baton.http;

import io.netty.channel.ChannelHandler;
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
    static final class Decoder extends WebSocket13FrameDecoder {
        Decoder(WebSocketOptions options, boolean extended) {
            super(WebSocketDecoderConfig.newBuilder()
                    .maxFramePayloadLength(options.maxFrameSize())
                    .expectMaskedFrames(true)
                    .allowExtensions(extended)
                    .closeOnProtocolViolation(false)
                    .build());
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
