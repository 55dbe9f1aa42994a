package dev.baton.netty;

import dev.baton.ListenAddress;
import dev.baton.Listener;
import dev.baton.posix.Descriptors;
import dev.baton.posix.Sockets;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;

/** A listening socket that several servers of one JVM share, as several processes share Baton's. */
final class TestListener implements Listener {
    private final ListenAddress address;
    private final int descriptor;

    private TestListener(ListenAddress address, SocketAddress bind, int backlog) throws IOException {
        this.address = address;
        boolean datagrams = address instanceof ListenAddress.Udp;
        descriptor = datagrams ? Sockets.datagramFor(bind) : Sockets.streamFor(bind);
        Sockets.bind(descriptor, bind);
        if (!datagrams) {
            Sockets.listen(descriptor, backlog);
        }
    }

    static TestListener udp(String host) throws IOException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(host), 0);
        return new TestListener(ListenAddress.udp(address), address, 0);
    }

    static TestListener tcp4() throws IOException {
        return tcp("127.0.0.1", 1024);
    }

    static TestListener tcp6() throws IOException {
        return tcp("::1", 1024);
    }

    static TestListener tcp(String host, int backlog) throws IOException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(host), 0);
        return new TestListener(ListenAddress.tcp(address), address, backlog);
    }

    static TestListener unix(Path path) throws IOException {
        return new TestListener(ListenAddress.unix(path), UnixDomainSocketAddress.of(path), 1024);
    }

    @Override
    public ListenAddress address() {
        return address;
    }

    @Override
    public SocketAddress localAddress() {
        try {
            return Sockets.localAddress(descriptor);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public boolean inherited() {
        return false;
    }

    @Override
    public int duplicate() throws IOException {
        return Descriptors.duplicate(descriptor);
    }

    boolean isNonBlocking() throws IOException {
        return Descriptors.isNonBlocking(descriptor);
    }

    @Override
    public void close() {
        try {
            Descriptors.close(descriptor);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
