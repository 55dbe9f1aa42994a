package dev.baton.testkit;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import javax.net.ssl.SSLContext;

/**
 * TLS over TCP, by the JDK's engine. The handshake comes with the first bytes, or when the test says so. The certificate
 * must be for the address, and an end of the connection without a close_notify is an error, because it is how a cut looks.
 */
public final class TlsTransport implements ClientTransport {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    private final SocketChannel channel;
    private final TlsWire wire;
    private final Readiness readiness;

    private TlsTransport(SocketChannel channel, SSLContext context) throws IOException {
        this.channel = channel;
        this.wire = TlsWire.on(channel, context);
        this.readiness = new Readiness(channel);
    }

    /** Connects, and sends nothing. */
    public static TlsTransport connect(SocketAddress address, SSLContext context) throws IOException {
        SocketChannel channel = SocketChannel.open();
        try {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.connect(address);
            return new TlsTransport(channel, context);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Sends the first bytes of the handshake and no more, as a client that is frozen there. */
    public void beginHandshake(int bytes) throws IOException {
        wire.allow(bytes);
        wire.write(ByteBuffer.allocate(0));
    }

    /** Finishes the handshake, as far as the client is concerned; at most 10 s. */
    public void handshake() throws IOException {
        wire.allow(Long.MAX_VALUE);
        write(ByteBuffer.allocate(0), System.nanoTime() + CONNECT_TIMEOUT.toNanos());
    }

    @Override
    public int read(ByteBuffer into, long deadline) throws IOException {
        while (true) {
            int length = wire.read(into);
            if (length != 0 || !readiness.await(SelectionKey.OP_READ, deadline)) {
                return length;
            }
        }
    }

    @Override
    public void write(ByteBuffer from, long deadline) throws IOException {
        wire.write(from);
        while (from.hasRemaining() || !wire.isFlushed() || !wire.isShaken()) {
            if (!readiness.await(wire.awaitedToWrite(), deadline)) {
                throw new SocketTimeoutException(from.remaining() + " bytes were not taken in time");
            }
            wire.write(from);
        }
    }

    /** Sends a close_notify, then ends the output of the socket. */
    @Override
    public void shutdownOutput() throws IOException {
        wire.shutdownOutput();
    }

    @Override
    public void reset() throws IOException {
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        channel.close();
        readiness.close();
    }

    @Override
    public SocketAddress localAddress() throws IOException {
        return channel.getLocalAddress();
    }

    @Override
    public void close() throws IOException {
        wire.end();
        channel.close();
        readiness.close();
    }
}
