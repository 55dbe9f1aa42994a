package dev.baton.http;

import dev.baton.netty.DeadlineTimer;
import dev.baton.netty.MigrationEvent;
import dev.baton.netty.ProxyHeader;
import dev.baton.netty.ServedConnection;
import dev.baton.netty.UndispatchedBytes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2CodecUtil;
import org.jspecify.annotations.Nullable;

/**
 * Finds out by its first bytes which protocol a connection without TLS speaks, and gives way to it.
 *
 * <p>HTTP/2 begins with a preface of 24 bytes (RFC 9113, section 3.4), which is no request of HTTP/1.1. The first byte that
 * differs from it decides; for most requests that is the very first. Until then the connection is NEW while nothing has
 * come, and ACTIVE from its first byte, as it is with either protocol.
 */
final class ProtocolDetector extends ChannelInboundHandlerAdapter implements UndispatchedBytes {
    private static final ByteBuf PREFACE =
            Unpooled.unreleasableBuffer(Http2CodecUtil.connectionPrefaceBuf()).asReadOnly();

    private final Channel channel;
    private final HttpPipeline pipeline;
    private final HttpServerOptions options;
    private final DeadlineTimer timer;
    private @Nullable ByteBuf begun;

    ProtocolDetector(Channel channel, HttpPipeline pipeline, HttpServerOptions options) {
        this.channel = channel;
        this.pipeline = pipeline;
        this.options = options;
        this.timer = new DeadlineTimer(channel.eventLoop(), this::close);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        timer.set(options.idleTimeout());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        ByteBuf bytes = (ByteBuf) message;
        ByteBuf before = begun;
        begun = null;
        if (before != null) {
            bytes = Unpooled.wrappedBuffer(before, bytes);
        }
        int length = Math.min(bytes.readableBytes(), PREFACE.readableBytes());
        boolean alike = ByteBufUtil.equals(bytes, bytes.readerIndex(), PREFACE, 0, length);
        if (alike && length < PREFACE.readableBytes()) {
            if (before == null) {
                timer.set(options.headTimeout());
            }
            begun = bytes;
            return;
        }
        ctx.pipeline().remove(this);
        if (alike) {
            pipeline.installHttp2(channel);
        } else if (options.http2Upgrade()) {
            pipeline.installHttp1BeforeUpgrade(channel);
        } else {
            pipeline.installHttp1(channel);
        }
        ServedConnection.of(channel).passOn(bytes);
    }

    @Override
    public void copyUndispatched(ByteBuf target) {
        if (begun != null) {
            target.writeBytes(begun, begun.readerIndex(), begun.readableBytes());
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == MigrationEvent.FROZEN) {
            timer.cancel();
        } else if (event == MigrationEvent.ENDED) {
            timer.set(begun == null ? options.idleTimeout() : options.headTimeout());
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        timer.cancel();
        if (begun != null) {
            begun.release();
            begun = null;
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Log.connectionFailed(ProxyHeader.remoteAddress(channel), cause);
        close();
    }

    private void close() {
        var _ = channel.close();
    }
}
