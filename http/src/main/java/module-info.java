/** An HTTP server with the JDK's own HttpServer API, on Netty. */
module dev.baton.http {
    // Transitive: the JDK's API has nulls, so @Nullable is in our signatures.
    requires static transitive org.jspecify;
    // Types of these are in the signatures: WebSocket; HttpServer, HttpHandler; Listener, ListenAddress; Connections.
    requires transitive java.net.http;
    requires transitive jdk.httpserver;
    requires transitive dev.baton;
    requires transitive dev.baton.drain;
    requires dev.baton.netty;
    requires io.netty.buffer;
    requires io.netty.codec;
    requires io.netty.codec.compression;
    requires io.netty.codec.http;
    requires io.netty.codec.http2;
    requires io.netty.common;
    requires io.netty.handler;
    requires io.netty.transport;

    exports dev.baton.http;

    // A program that calls HttpServer.create() gets Baton's.
    provides com.sun.net.httpserver.spi.HttpServerProvider with
            dev.baton.http.BatonHttpServerProvider;
}
