package dev.baton.netty;

import dev.baton.drain.DrainReason;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;

/**
 * A connection that speaks TLS: its handshake, up to the moment at which the protocol above is known.
 *
 * <pre>
 *   HANDSHAKING ---finished---> the negotiated protocol is installed, and says from now on what the connection does
 *        |
 *        +---failed, timed out, closed---> CLOSED
 * </pre>
 *
 * <p><b>States.</b> A connection is {@link dev.baton.drain.ConnectionState#NEW} until the first byte of a request, not of
 * the handshake, as in Go; the grace for new connections counts from the accept. A client that goes on within it finishes
 * its handshake and has its request served, drain or not.
 *
 * <p><b>Drain versus handshake, settled here.</b> While the handshake lasts a drain asks nothing of the connection: the
 * registry has it, as NEW, and waits for it. The handshake's end, the installation of the protocol and the first bytes for
 * it are steps of one event of the loop, and a protocol asks the registry when it is installed whether a drain is going
 * on. So a drain that begins before that step is found by the protocol, and one that begins after it is told to the
 * protocol: none is lost, and none is told to nobody. The undoing of a drain likewise.
 *
 * <p>Closing: {@link Http1Connection}, {@link NettyServer} and the pipeline's own {@code close} send a close_notify before
 * they close the connection or its output; see {@code TlsHandler}. Early data (0-RTT) is not accepted, because it can be
 * replayed.
 */
public final class TlsConnection extends ChannelInboundHandlerAdapter implements ConnectionProtocol {
    private final Channel channel;
    private final Consumer<Optional<String>> handshaken;

    private TlsConnection(Channel channel, Consumer<Optional<String>> handshaken) {
        this.channel = channel;
        this.handshaken = handshaken;
    }

    /**
     * Adds TLS to the end of a pipeline. Call it in the event loop, when the channel is registered.
     *
     * @param engine for this connection, in server mode
     * @param handshakeTimeout from now until the handshake is done, or else the connection is closed; zero means no limit
     * @param handshaken called when the handshake is done, in the event loop, with the protocol that was negotiated (ALPN)
     *     if one was. It installs the handlers of that protocol, at the end of the pipeline; what the client has sent for
     *     them comes after it
     * @throws IllegalStateException if the channel was not accepted by a {@link NettyServer}
     */
    public static void install(
            ChannelPipeline pipeline,
            SSLEngine engine,
            Duration handshakeTimeout,
            Consumer<Optional<String>> handshaken) {
        ServedConnection served = ServedConnection.of(pipeline.channel());
        TlsConnection connection = new TlsConnection(pipeline.channel(), handshaken);
        served.protocol(connection);
        TlsHandler tls = new TlsHandler(engine);
        tls.setHandshakeTimeout(handshakeTimeout.toMillis(), TimeUnit.MILLISECONDS);
        pipeline.addLast(tls, connection);
    }

    /** The session of a channel, or of the one that it is a stream of; empty if that does not speak TLS. */
    public static Optional<SSLSession> session(Channel channel) {
        for (Channel each = channel; each != null; each = each.parent()) {
            TlsHandler tls = TlsHandler.of(each);
            if (tls != null) {
                return Optional.of(tls.engine().getSession());
            }
        }
        return Optional.empty();
    }

    @Override
    public void drain(DrainReason reason) {
        // The protocol that is still to come asks the registry.
    }

    @Override
    public void resume() {
        // The same.
    }

    @Override
    public void closeIdle() {
        var _ = channel.close();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (!(event instanceof SslHandshakeCompletionEvent completion)) {
            ctx.fireUserEventTriggered(event);
        } else if (completion.isSuccess()) {
            TlsHandler tls = ctx.pipeline().get(TlsHandler.class);
            ctx.pipeline().remove(this);
            handshaken.accept(Optional.ofNullable(tls.applicationProtocol()));
        } else {
            // Netty has sent the alert and closes the connection.
            ServerLog.handshakeFailed(channel, completion.cause());
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // A handshake that fails comes as an event too. Anything else, such as a reset, ends the connection.
        ServerLog.handshakeFailed(channel, cause);
        var _ = ctx.close();
    }
}
