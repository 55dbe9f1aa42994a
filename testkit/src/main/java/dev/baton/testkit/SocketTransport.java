package dev.baton.testkit;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;

/** A TCP or Unix socket. */
final class SocketTransport implements ClientTransport {
    private final SocketChannel channel;
    private final Readiness readiness;

    private SocketTransport(SocketChannel channel) throws IOException {
        this.channel = channel;
        this.readiness = new Readiness(channel);
    }

    /** See {@link StrictConnection#open}. */
    static SocketTransport connect(SocketAddress address, Duration timeout) throws IOException {
        SocketChannel channel = Connector.isUnix(address) ? Connector.openUnix() : Connector.openTcp();
        try {
            if (!channel.connect(address)) {
                awaitConnected(channel, timeout);
            }
            return new SocketTransport(channel);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private static void awaitConnected(SocketChannel channel, Duration timeout) throws IOException {
        try (Selector connecting = Selector.open()) {
            SelectionKey connect = channel.register(connecting, SelectionKey.OP_CONNECT);
            connecting.select(timeout.toMillis());
            boolean connected = channel.finishConnect();
            connect.cancel();
            if (!connected) {
                throw new SocketTimeoutException("not connected within " + timeout);
            }
        }
    }

    @Override
    public int read(ByteBuffer into, long deadline) throws IOException {
        while (true) {
            int length = channel.read(into);
            if (length != 0 || !readiness.await(SelectionKey.OP_READ, deadline)) {
                return length;
            }
        }
    }

    @Override
    public void write(ByteBuffer from, long deadline) throws IOException {
        while (from.hasRemaining()) {
            if (channel.write(from) == 0 && !readiness.await(SelectionKey.OP_WRITE, deadline)) {
                throw new SocketTimeoutException(from.remaining() + " bytes were not taken in time");
            }
        }
    }

    @Override
    public void shutdownOutput() throws IOException {
        channel.shutdownOutput();
    }

    /** A Unix socket knows no reset; there, bytes that the server has sent and nobody has read have the same effect. */
    @Override
    public void reset() throws IOException {
        if (!Connector.isUnix(channel.getRemoteAddress())) {
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        }
        close();
    }

    @Override
    public SocketAddress localAddress() throws IOException {
        return channel.getLocalAddress();
    }

    @Override
    public void close() throws IOException {
        channel.close();
        readiness.close();
    }
}
