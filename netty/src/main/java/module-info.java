/** Any Netty pipeline: adopt listeners, track connection states, park, drain. */
module dev.baton.netty {
    requires static org.jspecify;
    // Types of all of these are in the signatures: Listener, Connections, ChannelHandler, Http2Headers.
    requires transitive dev.baton;
    requires transitive dev.baton.drain;
    requires transitive io.netty.transport;
    requires transitive io.netty.buffer;
    requires io.netty.codec;
    requires io.netty.codec.haproxy;
    requires io.netty.codec.http;
    requires transitive io.netty.codec.http2;
    requires io.netty.common;
    requires io.netty.handler;
    requires io.netty.transport.classes.epoll;
    requires io.netty.transport.unix.common;

    exports dev.baton.netty;
}
