package dev.baton.netty;

import dev.baton.drain.DrainReason;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol.AddressFamily;
import io.netty.util.Attribute;
import io.netty.util.AttributeKey;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The header with which a proxy begins a connection to say whose it is: the PROXY protocol, versions 1 and 2 (HAProxy's
 * specification, section 2).
 *
 * <pre>
 *   EXPECTED ---complete---> the protocol behind it is installed, and sees what comes after the header
 *      |
 *      +---other bytes, malformed, too long, too late, closed---> CLOSED
 * </pre>
 *
 * <p>The header is believed. Whoever reaches the port can send one; so it is for ports that only proxies can reach.
 *
 * <p><b>States.</b> The connection is {@link dev.baton.drain.ConnectionState#NEW} until the first byte behind the header.
 * The header's end, the installation of the protocol and the first bytes for it are steps of one event of the loop, so
 * that a drain is told to this handler, which has nothing to do for it, or found by the protocol that comes next.
 *
 * <p>The decoder leaves the pipeline before the next protocol enters it, and the bytes that it gives back go through the
 * pipeline's first handler again: as far as the next protocol can see, it is the first.
 */
public final class ProxyHeader extends ChannelInboundHandlerAdapter implements ConnectionProtocol {
    /** The protocol, for live migration, of a connection whose header has yet to come. */
    public static final String PROTOCOL = "proxy";

    /** The one of a connection whose header was read, and of which nothing else is known. */
    public static final String PROTOCOL_BEHIND = "behind-proxy";

    private static final AttributeKey<ProxyAddresses> ADDRESSES = AttributeKey.valueOf(ProxyHeader.class, "addresses");

    private final ServedConnection served;
    private final Channel channel;
    private final Duration timeout;
    private final DeadlineTimer timer;
    private final Runnable next;
    private boolean complete;
    private @Nullable ByteBuf behind;

    private ProxyHeader(ServedConnection served, Channel channel, Duration timeout, Runnable next) {
        this.served = served;
        this.channel = channel;
        this.timeout = timeout;
        this.next = next;
        this.timer = new DeadlineTimer(channel.eventLoop(), () -> refuse("no PROXY protocol header in time"));
    }

    /**
     * Expects a header at the beginning of a connection. Call it in the event loop, when the channel is registered.
     *
     * @param timeout from now until the header is complete, or else the connection is closed; zero means no limit
     * @param next installs what reads the bytes behind the header, at the end of the pipeline. Called in the event loop, when
     *     the header has come and {@link #remoteAddress} and {@link #localAddress} answer what it says
     * @throws IllegalStateException if the channel was not accepted by a {@link NettyServer}
     */
    public static void install(ChannelPipeline pipeline, Duration timeout, Runnable next) {
        ServedConnection served = ServedConnection.of(pipeline.channel());
        ProxyHeader header = new ProxyHeader(served, pipeline.channel(), timeout, next);
        served.protocol(header);
        header.timer.set(timeout);
        pipeline.addLast(new ProxyHeaderDecoder(header), header);
    }

    /**
     * The client's address: the header's source. Without a header, or with one that speaks of no client (LOCAL, UNKNOWN), that
     * of the channel. Streams answer for their connection. For a client on a Unix socket, or one that has gone, an address
     * with the empty path.
     */
    public static SocketAddress remoteAddress(Channel channel) {
        ProxyAddresses addresses = addresses(channel);
        return addresses == null ? inet(channel.remoteAddress()) : addresses.source();
    }

    /** The address that the client has connected to: the header's destination, or as {@link #remoteAddress}. */
    public static SocketAddress localAddress(Channel channel) {
        ProxyAddresses addresses = addresses(channel);
        return addresses == null ? inet(channel.localAddress()) : addresses.destination();
    }

    private static SocketAddress inet(@Nullable SocketAddress address) {
        return address instanceof InetSocketAddress ? address : ProxyAddresses.UNIX;
    }

    private static @Nullable ProxyAddresses addresses(Channel channel) {
        for (Channel each = channel; each != null; each = each.parent()) {
            // Asked first, because the question for an attribute that is not there makes it.
            if (each.hasAttr(ADDRESSES)) {
                Attribute<ProxyAddresses> attribute = each.attr(ADDRESSES);
                ProxyAddresses addresses = attribute.get();
                // Null at the moment between the making of the attribute and its value, in which other threads may ask.
                return addresses == null || addresses.isNone() ? null : addresses;
            }
        }
        return null;
    }

    /** What a channel's header has said; empty if it has had none. */
    static Optional<ProxyAddresses> said(Channel channel) {
        return channel.hasAttr(ADDRESSES)
                ? Optional.ofNullable(channel.attr(ADDRESSES).get())
                : Optional.empty();
    }

    /** The channel's header was read by another process, and has said this. */
    static void say(Channel channel, ProxyAddresses addresses) {
        channel.attr(ADDRESSES).set(addresses);
    }

    @Override
    public Optional<String> migratesAs() {
        return Optional.of(PROTOCOL);
    }

    /** The decoder cannot give back a part of a header that it has. */
    @Override
    public boolean isAtRest() {
        return served.tracked().snapshot().bytesReceived() == 0;
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
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        switch (message) {
            case HAProxyMessage header -> {
                try {
                    accept(header);
                } finally {
                    header.release();
                }
            }
            // From the decoder, which is about to leave.
            case ByteBuf bytes -> behind = bytes;
            default -> ctx.fireChannelRead(message);
        }
    }

    private void accept(HAProxyMessage header) throws UnknownHostException {
        AddressFamily family = header.proxiedProtocol().addressFamily();
        boolean ofClient = header.command() == HAProxyCommand.PROXY && family != AddressFamily.AF_UNSPEC;
        say(
                channel,
                ofClient
                        ? new ProxyAddresses(
                                address(family, header.sourceAddress(), header.sourcePort()),
                                address(family, header.destinationAddress(), header.destinationPort()))
                        : ProxyAddresses.NONE);
        complete = true;
    }

    private static SocketAddress address(AddressFamily family, String address, int port) throws UnknownHostException {
        if (family == AddressFamily.AF_UNIX) {
            return ProxyAddresses.UNIX;
        }
        // Never a name, so never a look-up.
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(address);
        return new InetSocketAddress(InetAddress.getByAddress(bytes), port);
    }

    /** The decoder has left the pipeline and passed on what it held; if that was because of the header, this handler does too. */
    void decoderRemoved() throws Exception {
        if (!complete || !channel.isActive()) {
            return;
        }
        ByteBuf bytes = behind;
        behind = null;
        channel.pipeline().remove(this);
        served.protocolUnknown();
        next.run();
        if (bytes != null) {
            served.passOn(bytes);
        }
        served.headerRead();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == MigrationEvent.FROZEN) {
            timer.cancel();
        } else if (event == MigrationEvent.ENDED) {
            timer.set(timeout);
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        // Nobody behind this handler has read anything.
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        refuse(String.valueOf(cause.getMessage()));
    }

    private void refuse(String reason) {
        timer.lift();
        ServerLog.proxyHeaderRefused(channel, reason);
        var _ = channel.close();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        timer.cancel();
        if (behind != null) {
            behind.release();
            behind = null;
        }
    }
}
