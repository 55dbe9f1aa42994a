package dev.baton.spring;

import io.netty.channel.AbstractServerChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What Reactor Netty takes for its listening socket. It has the address of a listener of Baton's, and accepts nothing: see
 * {@link ReactorNettyServer}.
 */
final class ReactorServerChannel extends AbstractServerChannel {
    private final SocketAddress address;
    private final ChannelConfig config = new DefaultChannelConfig(this) {
        @Override
        public <T> boolean setOption(ChannelOption<T> option, T value) {
            // Those of the socket are the listener's, which has them already.
            super.setOption(option, value);
            return true;
        }
    };

    private volatile boolean open = true;
    private volatile boolean bound;

    ReactorServerChannel(SocketAddress address) {
        this.address = address;
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public boolean isActive() {
        return open && bound;
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return true;
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        return bound ? address : null;
    }

    @Override
    protected void doBind(SocketAddress local) {
        bound = true;
    }

    @Override
    protected void doClose() {
        open = false;
    }

    @Override
    protected void doBeginRead() {
        // Nothing is to be read.
    }
}
