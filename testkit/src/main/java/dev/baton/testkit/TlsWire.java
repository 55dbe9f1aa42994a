package dev.baton.testkit;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLParameters;

/**
 * Bytes within TLS, by the JDK's engine. The handshake happens with the first write. As strict as the rest of the kit: the
 * certificate must be for the address, and an end of the connection without a close_notify is an error, because it is how
 * a cut looks.
 */
final class TlsWire implements Wire {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final SocketChannel channel;
    private final SSLEngine engine;

    /** Records as they came; between calls there is at most a part of one. */
    private final ByteBuffer received;

    /** Records that wait for the socket. */
    private final ByteBuffer toSend;

    /** How many bytes may still be sent, for clients that stop in the middle of their handshake. */
    private long allowance = Long.MAX_VALUE;

    private TlsWire(SocketChannel channel, SSLEngine engine) {
        this.channel = channel;
        this.engine = engine;
        int record = engine.getSession().getPacketBufferSize();
        received = ByteBuffer.allocate(2 * record).flip();
        toSend = ByteBuffer.allocate(2 * record).flip();
    }

    static TlsWire on(SocketChannel channel, SSLContext context) throws IOException {
        SSLEngine engine = channel.getRemoteAddress() instanceof InetSocketAddress inet
                ? context.createSSLEngine(inet.getHostString(), inet.getPort())
                : context.createSSLEngine("localhost", 0);
        engine.setUseClientMode(true);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        engine.setSSLParameters(parameters);
        return new TlsWire(channel, engine);
    }

    /** Sends this many bytes at most from now on. */
    void allow(long bytes) {
        allowance = bytes;
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        int begin = into.position();
        while (true) {
            SSLEngineResult result = engine.unwrap(received, into);
            runTasks();
            switch (result.getStatus()) {
                case OK -> answer(result.getHandshakeStatus());
                case BUFFER_OVERFLOW -> {
                    return into.position() - begin;
                }
                case BUFFER_UNDERFLOW -> {
                    if (into.position() > begin || !receive()) {
                        return into.position() - begin;
                    }
                }
                case CLOSED -> {
                    return into.position() > begin ? into.position() - begin : -1;
                }
            }
        }
    }

    /** Whether bytes have come from the socket. */
    private boolean receive() throws IOException {
        received.compact();
        int length = channel.read(received);
        received.flip();
        if (length < 0) {
            throw new EOFException("the connection ended without close_notify");
        }
        return length > 0;
    }

    @Override
    public void write(ByteBuffer from) throws IOException {
        while (flush()) {
            runTasks();
            switch (engine.getHandshakeStatus()) {
                case NEED_WRAP -> wrap(NOTHING);
                case NEED_TASK -> runTasks();
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                    if (!unwrapHandshake()) {
                        return;
                    }
                }
                case NOT_HANDSHAKING, FINISHED -> {
                    if (!from.hasRemaining() && isShaken()) {
                        return;
                    }
                    wrap(from);
                }
            }
        }
    }

    /** Whether the handshake is done, for this side. */
    boolean isShaken() {
        return !engine.getSession().getProtocol().equals("NONE");
    }

    /** Takes in one message of the handshake; false if it is not there yet. */
    private boolean unwrapHandshake() throws IOException {
        while (true) {
            SSLEngineResult result = engine.unwrap(received, ByteBuffer.allocate(received.capacity()));
            if (result.bytesProduced() > 0) {
                throw new IOException("the server sent data before it was asked");
            }
            switch (result.getStatus()) {
                case BUFFER_UNDERFLOW -> {
                    if (!receive()) {
                        return false;
                    }
                }
                case CLOSED -> throw new EOFException("the server ended the handshake");
                case OK, BUFFER_OVERFLOW -> {
                    return true;
                }
            }
        }
    }

    private void answer(HandshakeStatus status) throws IOException {
        if (status == HandshakeStatus.NEED_WRAP && flush()) {
            wrap(NOTHING);
            flush();
        }
    }

    private void wrap(ByteBuffer from) throws IOException {
        toSend.clear();
        SSLEngineResult result = engine.wrap(from, toSend);
        toSend.flip();
        if (result.getStatus() == SSLEngineResult.Status.CLOSED && from.hasRemaining()) {
            throw new EOFException("the connection has ended");
        }
    }

    private void runTasks() {
        Runnable task;
        while ((task = engine.getDelegatedTask()) != null) {
            task.run();
        }
    }

    /** Sends what waits; true if nothing is left. */
    private boolean flush() throws IOException {
        int limit = toSend.limit();
        toSend.limit(toSend.position() + (int) Math.min(toSend.remaining(), allowance));
        allowance -= channel.write(toSend);
        toSend.limit(limit);
        return !toSend.hasRemaining();
    }

    @Override
    public boolean isFlushed() {
        return !toSend.hasRemaining();
    }

    @Override
    public int awaitedToWrite() {
        return isFlushed() ? SelectionKey.OP_READ : SelectionKey.OP_WRITE;
    }

    @Override
    public void shutdownOutput() throws IOException {
        notifyServer();
        channel.shutdownOutput();
    }

    @Override
    public void end() {
        try {
            notifyServer();
        } catch (IOException e) {
            // The connection is given up; there is nobody to tell.
        }
    }

    private void notifyServer() throws IOException {
        engine.closeOutbound();
        while (flush() && engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
            wrap(NOTHING);
        }
    }
}
