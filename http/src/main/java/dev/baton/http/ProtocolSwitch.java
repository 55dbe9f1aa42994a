package dev.baton.http;

import dev.baton.drain.ServerClosedException;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpResponse;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The wish that another protocol takes the place of HTTP on a connection: made by the thread of a handler, carried out, or
 * refused, in the event loop.
 *
 * @param response the last words of HTTP, if there are any
 * @param begin makes the new conversation, and registers it with {@link dev.baton.drain.Conversations}, before the connection leaves
 *     {@link dev.baton.drain.Connections}: so a drain knows it as the one or as the other at every moment
 * @param handlers of the new protocol
 * @param done what becomes of the wish
 */
record ProtocolSwitch<T>(
        @Nullable HttpResponse response, Supplier<T> begin, List<ChannelHandler> handlers, CompletableFuture<T> done) {

    ProtocolSwitch(@Nullable HttpResponse response, Supplier<T> begin, List<ChannelHandler> handlers) {
        this(response, begin, handlers, new CompletableFuture<>());
    }

    /** Event loop: whether all that came of HTTP is the handler's request, and nothing of its response was sent. */
    boolean isPossible(boolean requestEnded, boolean nothingBehind, ResponseBody body) {
        if (!requestEnded) {
            refuse(new IllegalStateException("the request body has not come to its end; read it first"));
        } else if (!nothingBehind) {
            refuse(new IllegalStateException(
                    "another request has come behind this one; only an Upgrade, or a CONNECT, holds it back"));
        } else if (!body.cede()) {
            refuse(new IllegalStateException("the response has begun"));
        } else {
            return true;
        }
        return false;
    }

    /** Event loop: carries it out. */
    void perform(ChannelHandlerContext http, HttpCodec codec) {
        T begun;
        try {
            begun = begin.get();
        } catch (ServerClosedException e) {
            refuse(e);
            var _ = http.close();
            return;
        }
        codec.leave(http, response, handlers);
        done.complete(begun);
    }

    /** It cannot be: an IllegalStateException for what the handler could have known, an IOException for the rest. */
    void refuse(Exception reason) {
        done.completeExceptionally(reason);
    }

    /** Waits for the outcome; not in the event loop. */
    T await() throws IOException {
        try {
            return done.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted while taking over the connection").initCause(e);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IllegalStateException state -> throw new IllegalStateException(state.getMessage(), state);
                case null, default -> throw new IOException("cannot take over the connection", e.getCause());
            }
        }
    }
}
