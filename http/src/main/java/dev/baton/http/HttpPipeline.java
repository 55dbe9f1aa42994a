package dev.baton.http;

import dev.baton.netty.Http1Connection;
import dev.baton.netty.Http2Connection;
import dev.baton.netty.Http2Options;
import dev.baton.netty.ProxyHeader;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelInitializer;
import java.util.Map;

/**
 * Builds the pipeline of a connection, and is the only class that knows its protocol.
 *
 * <p>What {@link HttpConnection} sees is Netty's HTTP objects, which can come from an HTTP/2 stream as well.
 */
@Sharable
final class HttpPipeline extends ChannelInitializer<Channel> {
    private final Dispatcher dispatcher;
    private final Http2Options http2Options;
    private final StreamPipeline streams = new StreamPipeline();

    HttpPipeline(Dispatcher dispatcher) {
        this.dispatcher = dispatcher;
        HttpServerOptions options = dispatcher.options();
        http2Options = Http2Options.builder()
                .maxHeaderListSize(options.maxHeadSize())
                .prefaceTimeout(options.headTimeout())
                .idleTimeout(options.idleTimeout())
                .build();
    }

    @Override
    protected void initChannel(Channel channel) {
        if (dispatcher.options().http2()) {
            channel.pipeline().addLast(new ProtocolDetector(channel, this, dispatcher.options()));
        } else {
            installHttp1(channel);
        }
    }

    /**
     * What builds the pipelines of connections of another process, by their protocol.
     *
     * @param asAccepted what does it for connections that were accepted here
     */
    Map<String, ChannelHandler> adopters(ChannelHandler asAccepted) {
        String untouched = dispatcher.options().proxyProtocol() ? ProxyHeader.PROTOCOL : "";
        return Map.of(
                untouched,
                asAccepted,
                ProxyHeader.PROTOCOL_BEHIND,
                this,
                Http1Connection.PROTOCOL,
                new MovedPipeline());
    }

    /** Adds what speaks HTTP/1.1 to the end of the pipeline. */
    void installHttp1(Channel channel) {
        Http1Codec codec = Http1Codec.install(channel.pipeline(), dispatcher.options());
        channel.pipeline().addLast(new HttpConnection(channel, dispatcher, codec));
    }

    /** The same, for a connection without TLS, whose first request may ask for HTTP/2. */
    void installHttp1BeforeUpgrade(Channel channel) {
        Http2Upgrade upgrade = new Http2Upgrade(dispatcher.options());
        Http1Codec codec = Http1Codec.install(channel.pipeline(), dispatcher.options(), upgrade);
        HttpConnection requests = new HttpConnection(channel, dispatcher, codec);
        channel.pipeline().addLast(requests);
        upgrade.onUpgrade(asked -> {
            channel.pipeline().remove(requests);
            channel.pipeline().remove(upgrade);
            codec.giveWay(channel.pipeline(), () -> installHttp2(channel).upgrade(asked.settings(), asked.request()));
        });
    }

    /** Adds what speaks HTTP/2 to the end of the pipeline. In the event loop. */
    Http2Connection installHttp2(Channel channel) {
        return Http2Connection.install(channel.pipeline(), http2Options, streams);
    }

    /** Of a connection that has spoken HTTP/1.1 in another process. */
    @Sharable
    private final class MovedPipeline extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel channel) {
            installHttp1(channel);
        }
    }

    /** Of the channel of one HTTP/2 stream. */
    @Sharable
    private final class StreamPipeline extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel stream) {
            stream.pipeline().addLast(new HttpStream(stream, dispatcher));
        }
    }
}
