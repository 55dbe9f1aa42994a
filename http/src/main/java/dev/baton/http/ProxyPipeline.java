package dev.baton.http;

import dev.baton.netty.ProxyHeader;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelInitializer;
import java.time.Duration;

/** Builds the pipeline of a connection that begins with a header of the PROXY protocol; what is behind it, another does. */
@Sharable
final class ProxyPipeline extends ChannelInitializer<Channel> {
    private final Duration headTimeout;
    private final ChannelHandler behind;

    ProxyPipeline(Duration headTimeout, ChannelHandler behind) {
        this.headTimeout = headTimeout;
        this.behind = behind;
    }

    @Override
    protected void initChannel(Channel channel) {
        ProxyHeader.install(
                channel.pipeline(), headTimeout, () -> channel.pipeline().addLast(behind));
    }
}
