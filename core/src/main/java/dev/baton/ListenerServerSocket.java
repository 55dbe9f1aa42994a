package dev.baton;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.channels.ServerSocketChannel;

/** A {@link ListenerChannel} for those who ask it for its {@code socket()}: the address, {@code accept} and {@code close}. */
final class ListenerServerSocket extends ServerSocket {
    private final ListenerChannel channel;
    private final InetSocketAddress address;

    private ListenerServerSocket(ListenerChannel channel, InetSocketAddress address) throws IOException {
        this.channel = channel;
        this.address = address;
    }

    static ServerSocket of(ListenerChannel channel, InetSocketAddress address) {
        try {
            return new ListenerServerSocket(channel, address);
        } catch (IOException e) {
            throw new UncheckedIOException("an unbound server socket opens nothing", e);
        }
    }

    @Override
    public void bind(SocketAddress endpoint, int backlog) throws IOException {
        channel.bind(endpoint, backlog);
    }

    @Override
    public InetAddress getInetAddress() {
        return address.getAddress();
    }

    @Override
    public int getLocalPort() {
        return address.getPort();
    }

    @Override
    public SocketAddress getLocalSocketAddress() {
        return address;
    }

    @Override
    public Socket accept() throws IOException {
        return channel.accept().socket();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    @Override
    public ServerSocketChannel getChannel() {
        return channel;
    }

    @Override
    public boolean isBound() {
        return true;
    }

    @Override
    public boolean isClosed() {
        return !channel.isOpen();
    }
}
