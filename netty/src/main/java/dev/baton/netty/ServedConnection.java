package dev.baton.netty;

import dev.baton.MigratingParticipant.Adoption;
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
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.FileRegion;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.net.SocketAddress;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
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
    private final ServingLoop home;
    private final TrackedConnection tracked;

    /** Written in the event loop. */
    @Nullable
    private volatile ConnectionProtocol protocol;

    /** Comes from another process, and nothing was read or written since. In the event loop. */
    private boolean untouched;

    private ServedConnection(Channel channel, ServingLoop home, Connections connections) {
        this.channel = channel;
        this.home = home;
        this.tracked = connections.open(this);
    }

    private ServedConnection(
            Channel channel, ChildSetup setup, ChannelHandler handler, TransferState state, Connections connections) {
        this.channel = channel;
        this.home = setup.loops().get();
        // Before the registry can ask for anything.
        this.protocol = new AdoptedConnection(this, channel, setup, handler, state);
        this.untouched = true;
        this.tracked = connections.adopt(this, state.history());
    }

    /**
     * Registers a channel that was just accepted and puts itself first into its pipeline.
     *
     * @param home the event loop that the channel is, or is about to be, registered with
     * @throws ServerClosedException if the server is closed; the caller closes the channel
     */
    static ServedConnection open(Channel channel, ServingLoop home, Connections connections) {
        ServedConnection connection = new ServedConnection(channel, home, connections);
        channel.pipeline().addFirst("baton", connection);
        return connection;
    }

    /**
     * The same for a channel of another process's connection, which is not to be registered with a loop before the
     * adoption begins.
     *
     * @throws ServerClosedException if the server is closed, or has ended all its connections
     */
    static Adoption adopt(
            Channel channel, ChildSetup setup, ChannelHandler handler, TransferState state, Connections connections) {
        ServedConnection connection = new ServedConnection(channel, setup, handler, state, connections);
        channel.pipeline().addFirst("baton", connection);
        return (AdoptedConnection) Objects.requireNonNull(connection.protocol);
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

    EventLoop loop() {
        return home.loop();
    }

    ServingLoop home() {
        return home;
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
     * While the connection is on its way to another process it waits, as {@link Channel#close()} does; the channel's own
     * method would not. Call it in the event loop.
     */
    public ChannelFuture shutdownOutput() {
        if (protocol instanceof MovingConnection moving) {
            return moving.held().shutdownOutput();
        }
        return TlsHandler.shutdownOutput((DuplexChannel) channel);
    }

    /**
     * Gives what came before the protocol was known, bytes usually, to the protocol that has been installed since. Call it in the
     * event loop.
     */
    public void passOn(Object message) throws Exception {
        passOn(channel.pipeline().context(this), message);
    }

    /** Registration has failed, or the descriptor was closed without it: no event will come. */
    void failed() {
        tracked.closed();
    }

    boolean hijacked() {
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
            Departure departure = departure();
            if (departure.canMoveNow()) {
                departure.ask();
            } else if (home.migrator().isOpen() && tracked.drainReason().isPresent() && !departure.mayMove()) {
                home.migrator().connectionStayed();
            }
        });
    }

    @Override
    public void resume() {
        inLoop(() -> {
            departure().startOver();
            ConnectionProtocol current = protocol;
            if (current != null) {
                current.resume();
            }
        });
    }

    // Live migration, in the loop.

    /** The connection's way to another process. Call it in the event loop. */
    public Departure departure() {
        return new Departure(this);
    }

    @Nullable
    ConnectionProtocol protocol() {
        return protocol;
    }

    boolean isUntouched() {
        return untouched;
    }

    boolean isSuspended() {
        return protocol instanceof Suspended;
    }

    /** Puts the connection's migration in the place of its protocol, which is returned. */
    @Nullable
    ConnectionProtocol suspend(MovingConnection moving) {
        ConnectionProtocol before = protocol;
        protocol = moving;
        return before;
    }

    void restore(@Nullable ConnectionProtocol before) {
        protocol = before;
    }

    /** It does not move in this drain. */
    void stayed() {
        if (!(protocol instanceof Http1Connection)) {
            // Which counts by itself, because it stays for other reasons too.
            home.migrator().connectionStayed();
        }
        tellProtocol();
    }

    /** It is another process's. */
    void gone() {
        home.migrator().connectionMoved();
        tracked.closed();
    }

    void tellProtocol() {
        ConnectionProtocol current = protocol;
        if (current != null) {
            tracked.drainReason().ifPresentOrElse(current::drain, current::resume);
        }
    }

    /** The header of its proxy has come; what is behind it may move, while that did not. */
    void headerRead() {
        if (channel.isOpen()) {
            departure().askIfAtRest();
        }
    }

    /** Bytes that were read before, as if they were read now. */
    void replay(ByteBuf bytes) {
        ChannelHandlerContext ctx = channel.pipeline().context(this);
        try {
            passOn(ctx, bytes);
            ctx.fireChannelReadComplete();
        } catch (Exception e) {
            ctx.fireExceptionCaught(e);
        }
    }

    /** A write that was held back. */
    void writeHeld(Object message, ChannelPromise promise) {
        ChannelHandlerContext ctx = channel.pipeline().context(this);
        write(ctx, message, promise);
        ctx.flush();
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
     *
     * <p>A connection that has asked to move, and waits until there is room, is not closed before it has heard that it
     * stays.
     */
    @Override
    public void closeIfIdle() {
        inLoop(() -> {
            var _ = home.loop().schedule(this::closeStillIdle, 0, TimeUnit.NANOSECONDS);
        });
    }

    private void closeStillIdle() {
        if (tracked.drainReason().isEmpty()) {
            // The drain was undone, while this was on its way or held back.
            return;
        }
        switch (tracked.state()) {
            case NEW, IDLE -> {
                ConnectionProtocol current = protocol;
                TlsHandler tls = TlsHandler.of(channel);
                MovingConnection asked = departure().asked();
                if (asked != null && asked.isAsking()) {
                    asked.closeIdle();
                } else if (tls != null && tls.isRecordBegun()) {
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
        Runnable close = () -> {
            if (!hijacked()) {
                TlsHandler.closeNow(channel);
            }
        };
        inLoop(close, suspended -> suspended.cut(close));
    }

    /**
     * Closes a hijacked connection, of which {@link Connections} does not know, or ends what this process has of it if it is
     * on its way to another: it may go on there, and if not, it is closed. Safe for use by any thread.
     */
    public void end() {
        Runnable close = () -> {
            var _ = channel.close();
        };
        inLoop(close, suspended -> suspended.cut(close));
    }

    @Override
    public SocketAddress peer() {
        return ProxyHeader.remoteAddress(channel);
    }

    /**
     * A connection enters the registry before its channel is registered with the loop, and a call can come in between.
     * It is put behind the registration then, which is a task of the same loop. One that is frozen for another process, or
     * comes from one, waits until it goes on here.
     */
    private void inLoop(Runnable task) {
        inLoop(task, suspended -> suspended.later(task));
    }

    private void inLoop(Runnable task, Consumer<Suspended> ifSuspended) {
        try {
            home.loop().execute(() -> {
                if (protocol instanceof Suspended suspended) {
                    ifSuspended.accept(suspended);
                } else if (channel.isRegistered()) {
                    task.run();
                } else if (channel.isOpen()) {
                    inLoop(task, ifSuspended);
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
        if (protocol instanceof MovingConnection moving) {
            moving.held().read(message);
            return;
        }
        passOn(ctx, message);
    }

    private void passOn(ChannelHandlerContext ctx, Object message) throws Exception {
        if (protocol == null && message instanceof ByteBuf) {
            ConnectionState state = tracked.state();
            if (state == ConnectionState.NEW || (untouched && state == ConnectionState.IDLE)) {
                tracked.active();
            }
        }
        untouched = false;
        first().channelRead(ctx, message);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (protocol instanceof MovingConnection moving) {
            moving.held().write(message, promise);
            return;
        }
        untouched = false;
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
    public void channelUnregistered(ChannelHandlerContext ctx) {
        if (protocol instanceof MovingConnection moving) {
            moving.unregistered();
        }
        ctx.fireChannelUnregistered();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        tracked.closed();
        first().channelInactive(ctx);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
        if (event instanceof ChannelInputShutdownEvent && protocol instanceof MovingConnection moving) {
            moving.held().inputEnded();
            return;
        }
        first().userEventTriggered(ctx, event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
        first().exceptionCaught(ctx, cause);
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) throws Exception {
        if (protocol instanceof MovingConnection moving) {
            moving.held().close(promise);
            return;
        }
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
