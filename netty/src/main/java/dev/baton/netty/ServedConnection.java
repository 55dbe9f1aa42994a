package dev.baton.netty;

import dev.baton.drain.ConnectionControl;
import dev.baton.drain.ConnectionState;
import dev.baton.drain.Connections;
import dev.baton.drain.DrainReason;
import dev.baton.drain.ServerClosedException;
import dev.baton.drain.TrackedConnection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.FileRegion;
import io.netty.channel.socket.DuplexChannel;
import java.net.SocketAddress;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A channel as the registry of connections knows it, and the first handler of its pipeline: counts bytes, sees the end,
 * and does what the registry asks for.
 *
 * <p>Without a {@linkplain #protocol(ConnectionProtocol) protocol} the connection is {@link ConnectionState#ACTIVE} from
 * its first byte to its end, so that a drain waits for it. A protocol that knows what a request is does better, as
 * {@link Http1Connection} does.
 *
 * <p>There is one for each of what may be very many connections, so it is all of it in one object: handler, control, and
 * where {@link #of} looks.
 */
public final class ServedConnection extends ChannelDuplexHandler implements ConnectionControl {
    /** Passes everything on; not in any pipeline. */
    private static final ChannelDuplexHandler PASS = new ChannelDuplexHandler();

    private final Channel channel;
    private final EventLoop loop;
    private final TrackedConnection tracked;

    /** Written in the event loop. */
    @Nullable
    private volatile ConnectionProtocol protocol;

    private ServedConnection(Channel channel, EventLoop loop, Connections connections) {
        this.channel = channel;
        this.loop = loop;
        this.tracked = connections.open(this);
    }

    /**
     * Registers a channel that was just accepted and puts itself first into its pipeline.
     *
     * @param loop the event loop that the channel is, or is about to be, registered with
     * @throws ServerClosedException if the server is closed; the caller closes the channel
     */
    static ServedConnection open(Channel channel, EventLoop loop, Connections connections) {
        ServedConnection connection = new ServedConnection(channel, loop, connections);
        channel.pipeline().addFirst("baton", connection);
        return connection;
    }

    /**
     * The connection that a channel is.
     *
     * @throws IllegalStateException if the channel was not accepted by a {@link NettyServer}, or has been closed
     */
    public static ServedConnection of(Channel channel) {
        ServedConnection connection = channel.pipeline().get(ServedConnection.class);
        if (connection == null) {
            throw new IllegalStateException(channel + " was not accepted by a NettyServer, or is closed");
        }
        return connection;
    }

    Channel channel() {
        return channel;
    }

    /** The entry in the registry: state, counts, whether the server drains. */
    public TrackedConnection tracked() {
        return tracked;
    }

    /** The protocol that says from now on when the connection is active and idle. Call it in the event loop. */
    public void protocol(ConnectionProtocol value) {
        protocol = value;
    }

    /** As after the accept: the next byte is the first of a protocol that is not known yet. Call it in the event loop. */
    void protocolUnknown() {
        protocol = null;
    }

    /**
     * The application takes the channel: no drain waits for it or touches it any more. Call it in the event loop.
     *
     * @throws IllegalStateException if the connection has sent no request yet, or has ended
     */
    public void hijack() {
        tracked.hijacked();
        protocol = null;
    }

    /**
     * Closes the output, with a close_notify before if the connection speaks TLS. What was not written yet is thrown away.
     * Call it in the event loop.
     */
    public ChannelFuture shutdownOutput() {
        return TlsHandler.shutdownOutput((DuplexChannel) channel);
    }

    /**
     * Gives what came before the protocol was known, bytes usually, to the protocol that has been installed since. Call it in the
     * event loop.
     */
    public void passOn(Object message) throws Exception {
        passOn(channel.pipeline().context(this), message);
    }

    /** Registration has failed: no event will come. */
    void failed() {
        tracked.closed();
    }

    private boolean hijacked() {
        return tracked.state() == ConnectionState.HIJACKED;
    }

    // What the registry asks for: each call becomes a task of the event loop.

    @Override
    public void drain(DrainReason reason) {
        inLoop(() -> {
            ConnectionProtocol current = protocol;
            if (current != null) {
                current.drain(reason);
            }
        });
    }

    @Override
    public void resume() {
        inLoop(() -> {
            ConnectionProtocol current = protocol;
            if (current != null) {
                current.resume();
            }
        });
    }

    /**
     * Request versus idle close, settled here.
     *
     * <p>A request may have arrived in the socket's buffer without the loop having seen it. A loop alternates between
     * one round of I/O and one round of tasks, and a task that is scheduled by a task, even without delay, waits for
     * the next round of tasks. So between this call and {@code closeStillIdle} lies a round of I/O, in which all that
     * had arrived by now is read and makes the connection ACTIVE. From there to the close the loop does nothing else.
     * What arrives later than that was on its way, and no server can know of it: that is the fault of closing idle
     * connections, and why {@link dev.baton.drain.IdlePolicy#CLOSE} is not the default.
     */
    @Override
    public void closeIfIdle() {
        inLoop(() -> {
            var _ = loop.schedule(this::closeStillIdle, 0, TimeUnit.NANOSECONDS);
        });
    }

    private void closeStillIdle() {
        switch (tracked.state()) {
            case NEW, IDLE -> {
                ConnectionProtocol current = protocol;
                TlsHandler tls = TlsHandler.of(channel);
                if (tls != null && tls.isRecordBegun()) {
                    tls.onRecordEnd(this::closeStillIdle);
                } else if (current != null) {
                    current.closeIdle();
                } else {
                    var _ = channel.close();
                }
            }
            case ACTIVE, HIJACKED, CLOSED -> {
                // A request was faster, or there is nothing to close.
            }
        }
    }

    @Override
    public boolean isAnswered() {
        ConnectionProtocol current = protocol;
        return current != null && current.isAnswered();
    }

    /** Past the pipeline, where a handler might put the close off. */
    @Override
    public void close() {
        inLoop(() -> {
            if (!hijacked()) {
                TlsHandler.closeNow(channel);
            }
        });
    }

    @Override
    public SocketAddress peer() {
        return ProxyHeader.remoteAddress(channel);
    }

    /**
     * A connection enters the registry before its channel is registered with the loop, and a call can come in between.
     * It is put behind the registration then, which is a task of the same loop.
     */
    private void inLoop(Runnable task) {
        try {
            loop.execute(() -> {
                if (channel.isRegistered()) {
                    task.run();
                } else if (channel.isOpen()) {
                    inLoop(task);
                }
            });
        } catch (RejectedExecutionException _) {
            // The loop has ended, and its connections with it.
        }
    }

    // What happens on the channel.

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        if (message instanceof ByteBuf bytes) {
            tracked.received(bytes.readableBytes());
        }
        passOn(ctx, message);
    }

    private void passOn(ChannelHandlerContext ctx, Object message) throws Exception {
        if (protocol == null && message instanceof ByteBuf && tracked.state() == ConnectionState.NEW) {
            tracked.active();
        }
        first().channelRead(ctx, message);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        switch (message) {
            case ByteBuf bytes -> tracked.sent(bytes.readableBytes());
            case ByteBufHolder holder -> tracked.sent(holder.content().readableBytes());
            case FileRegion region -> tracked.sent(region.count());
            default -> {
                // Another transport's message, of unknown size.
            }
        }
        var _ = ctx.write(message, promise);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        tracked.closed();
        first().channelInactive(ctx);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
        first().userEventTriggered(ctx, event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
        first().exceptionCaught(ctx, cause);
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) throws Exception {
        first().close(ctx, promise);
    }

    /**
     * What handles events further in this place. It could have a place of its own behind this one, but that would cost each
     * connection 64 bytes and each event one step more.
     */
    private ChannelDuplexHandler first() {
        ChannelDuplexHandler handler = protocol instanceof Http1Connection http ? http.handlerAtHead() : null;
        return handler == null ? PASS : handler;
    }
}
