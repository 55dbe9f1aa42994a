package dev.baton.tomcat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.apache.tomcat.util.net.NioEndpoint.NioSocketWrapper;
import org.apache.tomcat.util.net.SecureNioChannel;
import org.apache.tomcat.util.net.SocketBufferHandler;
import org.jspecify.annotations.Nullable;

/** The same for TLS; what it counts are the bytes within. */
final class TrackedSecureChannel extends SecureNioChannel implements Tracked {
    private final BatonEndpoint endpoint;
    private volatile @Nullable ServedConnection connection;

    TrackedSecureChannel(SocketBufferHandler buffers, BatonEndpoint endpoint) {
        super(buffers, endpoint);
        this.endpoint = endpoint;
    }

    @Override
    public void reset(SocketChannel channel, NioSocketWrapper wrapper) throws IOException {
        super.reset(channel, wrapper);
        connection = endpoint.takeAccepted().of(wrapper);
    }

    @Override
    public @Nullable ServedConnection connection() {
        return connection;
    }

    /** After the handshake, what the buffer holds between two reads is a part of a record. */
    @Override
    public boolean isWithinRecord() {
        return isHandshakeComplete() && netInBuffer.position() > 0;
    }

    @Override
    public int read(ByteBuffer destination) throws IOException {
        return (int) received(super.read(destination));
    }

    @Override
    public long read(ByteBuffer[] destinations, int offset, int length) throws IOException {
        return received(super.read(destinations, offset, length));
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        return (int) sent(super.write(source));
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
        return sent(super.write(sources, offset, length));
    }

    /** Sends the close_notify, and then ends the connection as one without TLS does. */
    @Override
    public void close(boolean force) throws IOException {
        try {
            close();
        } finally {
            end(sc);
        }
    }
}
