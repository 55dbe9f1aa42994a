package dev.baton.netty;

import dev.baton.ListenAddress;
import dev.baton.drain.Connections;
import dev.baton.drain.DrainOptions;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.NullMarked;

/**
 * Requests through Netty's codec and a handler, with the states of their connection tracked or without; no socket and no
 * other thread.
 *
 * <p>In this package because outside of it a tracked connection is made by accept(2) alone.
 */
@NullMarked
public final class RequestsInPipeline {
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final ByteBuf request = Unpooled.unreleasableBuffer(Unpooled.directBuffer()
            .writeBytes("GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));

    /** A connection of its own, whose requests this handler answers at once. */
    public RequestsInPipeline(boolean tracked, ChannelHandler handler) {
        if (tracked) {
            DrainOptions options = DrainOptions.defaults();
            ServingLoop home =
                    new ServingLoop(channel.eventLoop(), ListenAddress.parse(":0"), new Migrator(options.idlePolicy()));
            var _ = ServedConnection.open(channel, home, new Connections(options));
            var _ = Http1Connection.install(channel.pipeline(), new HttpServerCodec());
        } else {
            channel.pipeline().addLast(new HttpServerCodec());
        }
        channel.pipeline().addLast(handler);
    }

    /** Reads so many requests one after the other, each with the response to it. */
    public void run(int count) {
        for (int i = 0; i < count; i++) {
            var _ = channel.writeInbound(request.duplicate());
            Object part = channel.readOutbound();
            if (part == null) {
                throw new IllegalStateException("a request was not answered");
            }
            while (part != null) {
                ReferenceCountUtil.release(part);
                part = channel.readOutbound();
            }
        }
    }
}
