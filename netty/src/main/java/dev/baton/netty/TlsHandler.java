package dev.baton.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/**
 * Netty's TLS, with the ends of a stream as a server that loses nothing needs them. In the event loop alone.
 *
 * <p><b>Our end.</b> A close_notify is sent before each half-close and each close (RFC 8446, section 6.1), so that the
 * client can tell a whole response from a cut one. A close does not wait for it: the socket takes the few bytes at once,
 * or it is full because the client does not read, and then what is missing is more than the close_notify. A close that
 * resets the connection, because a response without a length was cut, sends none: it would say that all is there.
 *
 * <p><b>The client's end.</b> A close_notify ends the input, not the connection: the client may read on (RFC 8446). To
 * the handlers behind it is the half-close of a TCP connection, and the one that follows in the socket says nothing more;
 * where the channel does not allow half-closure it is its close. Where the engine has answered by closing our side too, as TLS 1.2 demands (RFC 5246, section 7.2.1) and as Netty's
 * OpenSSL engine always does, no response can be sent any more, and the connection is closed. An end of the socket's
 * input without close_notify is passed on as the half-close that it is; whoever is in the middle of a message treats that
 * as cut, with TLS and without.
 */
final class TlsHandler extends SslHandler {
    private boolean peerClosed;

    /** To be run when the record that has begun was read to its end. */
    @Nullable
    private Runnable onRecordEnd;

    TlsHandler(SSLEngine engine) {
        super(engine);
    }

    /** The handler of a channel; null if it does not speak TLS. */
    static @Nullable TlsHandler of(Channel channel) {
        return channel.pipeline().get(TlsHandler.class);
    }

    /**
     * Closes the output of a channel, with a close_notify before if it speaks TLS, be it by this handler or, in a pipeline
     * that others have built, by Netty's own.
     */
    static ChannelFuture shutdownOutput(DuplexChannel channel) {
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls == null) {
            return channel.shutdownOutput();
        }
        ChannelPromise shutdown = channel.newPromise();
        var _ = tls.closeOutbound().addListener(sent -> {
            if (sent.isSuccess()) {
                var _ = channel.shutdownOutput(shutdown);
            } else {
                shutdown.setFailure(sent.cause());
            }
        });
        return shutdown;
    }

    /** Closes a channel past its pipeline, with a close_notify before if it speaks TLS and the socket takes it now. */
    static void closeNow(Channel channel) {
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls != null) {
            var _ = notifyPeer(tls, channel);
        }
        channel.unsafe().close(channel.voidPromise());
    }

    /**
     * Whether a part of a record has come after the handshake: in all likelihood the beginning of a request, which cannot
     * be read before the rest is there.
     */
    boolean isRecordBegun() {
        return handshakeFuture().isSuccess() && internalBuffer().isReadable();
    }

    /** Calls back once, when {@link #isRecordBegun()} is no longer true and what was read has been passed on. */
    void onRecordEnd(Runnable callback) {
        onRecordEnd = callback;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
        super.handlerAdded(ctx);
        var _ = sslCloseFuture().addListener((Future<Channel> closed) -> {
            // Netty's OpenSSL engine calls itself closed when it has sent our close_notify, and reads on nevertheless.
            if (closed.isSuccess() && engine().isInboundDone()) {
                peerHasClosed(ctx);
            }
        });
    }

    private void peerHasClosed(ChannelHandlerContext ctx) {
        boolean halfClosure = Boolean.TRUE.equals(ctx.channel().config().getOption(ChannelOption.ALLOW_HALF_CLOSURE));
        if (engine().isOutboundDone() || !halfClosure) {
            close(ctx, ctx.newPromise());
        } else {
            peerClosed = true;
            ctx.fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
        if (event instanceof ChannelInputShutdownEvent && peerClosed) {
            return;
        }
        super.userEventTriggered(ctx, event);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
        super.channelReadComplete(ctx);
        Runnable callback = onRecordEnd;
        if (callback != null && !isRecordBegun()) {
            onRecordEnd = null;
            callback.run();
        }
    }

    /**
     * Closes at once if the close_notify is in the socket, and else with the next task of the loop. It is not when a flush
     * is going on, as in a listener of the last response's write: a flush within a flush is left to the outer one, which a
     * close would leave nothing to write. If it is not in the socket then, that is full.
     */
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        if (notifyPeer(this, ctx.channel())) {
            var _ = ctx.close(promise);
        } else {
            ctx.executor().execute(() -> {
                var _ = ctx.close(promise);
            });
        }
    }

    @Override
    public void disconnect(ChannelHandlerContext ctx, ChannelPromise promise) {
        close(ctx, promise);
    }

    /** Whether there is no more to wait for. */
    private static boolean notifyPeer(SslHandler tls, Channel channel) {
        if (!channel.isActive()) {
            return true;
        }
        Integer linger = channel.config().getOption(ChannelOption.SO_LINGER);
        boolean reset = linger != null && linger == 0;
        return reset || tls.closeOutbound().isDone();
    }
}
