package dev.baton.http;

import dev.baton.netty.ProxyHeader;
import dev.baton.netty.ServedConnection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The socket of a hijacked connection: between the event loop, which calls the handler's methods, and the threads of the
 * application, which call the others.
 *
 * <p>Either side is closed on its own, and the socket when both are. A close that is not forced first closes the output and
 * then reads and throws away until the peer has closed too, within bounds: a close(2) with unread bytes would reset the
 * connection, and could destroy on its way what was written before.
 */
final class HijackedChannel extends ChannelInboundHandlerAdapter {
    private static final Duration LINGER_TIME = Duration.ofSeconds(10);
    private static final long LINGER_BYTES = 64L << 20;

    private final Channel channel;
    private final HijackedInput input;
    private final HijackedOutput output;

    // Event loop.
    private boolean inputEnded;
    private boolean outputEnds;
    private boolean outputEnded;
    private boolean lingering;
    private long discarded;
    private @Nullable Future<?> lingerEnd;

    HijackedChannel(Channel channel) {
        this.channel = channel;
        input = new HijackedInput(() -> inLoop(this::readOn));
        output = new HijackedOutput(channel, this::shutdownOutput);
    }

    // The application's threads.

    InputStream input() {
        return input;
    }

    OutputStream output() {
        return output;
    }

    SocketAddress remoteAddress() {
        return ProxyHeader.remoteAddress(channel);
    }

    SocketAddress localAddress() {
        return ProxyHeader.localAddress(channel);
    }

    void onClosed(Runnable task) {
        var _ = channel.closeFuture().addListener(_ -> task.run());
    }

    void shutdownOutput() {
        output.fail(new IOException("the output is closed"));
        inLoop(this::shut);
    }

    void close() {
        output.fail(new IOException("the connection is closed"));
        input.close();
        inLoop(this::linger);
    }

    void closeNow() {
        inLoop(() -> {
            channel.config().setOption(ChannelOption.SO_LINGER, 0);
            var _ = channel.close();
        });
    }

    void closeForcibly() {
        inLoop(this::closeSocket);
    }

    private void closeSocket() {
        var _ = channel.close();
    }

    private void inLoop(Runnable task) {
        try {
            channel.eventLoop().execute(task);
        } catch (RejectedExecutionException e) {
            Log.connectionFailed(channel, e); // The loop has ended, and its connections with it.
        }
    }

    // The event loop.

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        channel.config().setOption(ChannelOption.AUTO_READ, true);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (lingering) {
            discarded += bytes.readableBytes();
            bytes.release();
            if (discarded > LINGER_BYTES) {
                closeSocket();
            }
        } else if (!input.offer(bytes)) {
            channel.config().setOption(ChannelOption.AUTO_READ, false);
        }
    }

    private void readOn() {
        channel.config().setOption(ChannelOption.AUTO_READ, true);
    }

    /** Netty's shutdownOutput throws away what is not written yet; so it comes when a last, empty, write was. */
    private void shut() {
        if (!outputEnds && channel.isActive()) {
            outputEnds = true;
            var _ = channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(_ -> shutNow());
        }
    }

    private void shutNow() {
        if (channel.isActive()) {
            var _ = ServedConnection.of(channel).shutdownOutput().addListener(_ -> {
                outputEnded = true;
                closeIfEnded();
            });
        }
    }

    private void closeIfEnded() {
        if (inputEnded && outputEnded) {
            var _ = channel.close();
        }
    }

    private void linger() {
        if (lingering || !channel.isActive()) {
            return;
        }
        lingering = true;
        lingerEnd = channel.eventLoop().schedule(this::closeSocket, LINGER_TIME.toNanos(), TimeUnit.NANOSECONDS);
        readOn();
        shut();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            inputEnded = true;
            input.end();
            closeIfEnded();
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        ended(new IOException("the connection is closed"));
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ended(new IOException("the connection is broken", cause));
        var _ = channel.close();
    }

    private void ended(IOException reason) {
        input.fail(reason);
        output.fail(reason);
        if (lingerEnd != null) {
            lingerEnd.cancel(false);
        }
    }
}
