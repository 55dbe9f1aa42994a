package dev.baton.http;

import dev.baton.netty.TlsConnection;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.ssl.ApplicationProtocolNames;
import java.time.Duration;

/** Builds the pipeline of a connection that speaks TLS; what is behind it depends on the protocol that was negotiated. */
@Sharable
final class TlsPipeline extends ChannelInitializer<Channel> {
    private final TlsEngines engines;
    private final Duration handshakeTimeout;
    private final HttpPipeline http;

    TlsPipeline(TlsEngines engines, Duration handshakeTimeout, HttpPipeline http) {
        this.engines = engines;
        this.handshakeTimeout = handshakeTimeout;
        this.http = http;
    }

    @Override
    protected void initChannel(Channel channel) {
        TlsConnection.install(channel.pipeline(), engines.engine(channel), handshakeTimeout, protocol -> {
            if (protocol.filter(ApplicationProtocolNames.HTTP_2::equals).isPresent()) {
                http.installHttp2(channel);
            } else {
                http.installHttp1(channel);
            }
        });
    }
}
