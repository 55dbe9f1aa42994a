package dev.baton.http;

import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What {@link HttpConnection} asks of the codec in front of it, beyond the objects that it decodes. Event loop only. */
interface HttpCodec {

    /** Whether a part of a request's head has come and not yet the whole. */
    boolean isHeadBegun();

    /** Whether bytes are held that belong to the next request, or to another protocol. */
    boolean isHolding();

    /** The connection speaks HTTP on: what is held is a request. */
    void proceed();

    /** A request is being served: if the connection is to move, those that have not been decoded wait for that. */
    void hold();

    /** The connection does not move: what is held for that alone is decoded. */
    void stay();

    /**
     * Leaves HTTP: no drain of {@link dev.baton.drain.Connections} concerns the connection any more, and what was held, and
     * whatever comes, goes to other handlers.
     *
     * @param last the handler that speaks HTTP, which leaves the pipeline too
     * @param response the last words of HTTP, if there are any
     */
    void leave(ChannelHandlerContext last, @Nullable HttpResponse response, List<ChannelHandler> next);
}
