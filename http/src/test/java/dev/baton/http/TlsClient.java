package dev.baton.http;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * A raw client over TLS. An end of the stream that it sees came with a close_notify: the JDK's socket, told so, throws for
 * one that did not.
 *
 * @param http sends and reads within TLS
 * @param tls says what TLS does; its {@code shutdownOutput} sends a close_notify
 * @param tcp the connection below, to end it in ways that TLS would not
 */
record TlsClient(RawClient http, SSLSocket tls, SocketChannel tcp) implements AutoCloseable {
    static {
        // Else it takes any end for an orderly one. Read when the first socket is made.
        System.setProperty("com.sun.net.ssl.requireCloseNotify", "true");
    }

    /** Connects, and shakes hands with this version. */
    static TlsClient connect(SocketAddress address, SSLContext context, String version) throws IOException {
        return connect(SocketChannel.open(address), context, version);
    }

    /** Shakes hands with this version on a connection. */
    static TlsClient connect(SocketChannel tcp, SSLContext context, String version) throws IOException {
        InetSocketAddress server = (InetSocketAddress) tcp.getRemoteAddress();
        SSLSocket tls = (SSLSocket)
                context.getSocketFactory().createSocket(tcp.socket(), server.getHostString(), server.getPort(), true);
        tls.setEnabledProtocols(new String[] {version});
        tls.startHandshake();
        return new TlsClient(new RawClient(tcp, tls.getInputStream(), tls.getOutputStream()), tls, tcp);
    }

    @Override
    public void close() throws IOException {
        tcp.close();
    }
}
