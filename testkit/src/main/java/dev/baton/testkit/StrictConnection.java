package dev.baton.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;

/**
 * One raw connection under the test's own hand: bytes go out when the test says so, and responses are read as strictly
 * as in a {@link Load}. It never reconnects. For one thread at a time.
 */
public final class StrictConnection implements AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    private final SocketChannel channel;
    private final Selector selector;
    private final SelectionKey key;
    private final String host;
    private final ResponseReader reader = new ResponseReader(Load.GENERATION_HEADER);
    private final ByteBuffer in = ByteBuffer.allocate(1 << 16).flip();
    private int answers;

    private StrictConnection(SocketChannel channel, String host) throws IOException {
        this.channel = channel;
        this.host = host;
        this.selector = Selector.open();
        channel.configureBlocking(false);
        this.key = channel.register(selector, SelectionKey.OP_READ);
    }

    /**
     * Connects, and sends nothing.
     *
     * @param address an {@link java.net.InetSocketAddress} or a {@link java.net.UnixDomainSocketAddress}
     * @throws IOException if the connection is not there within 10 s; {@link java.net.ConnectException} if it is refused
     */
    public static StrictConnection open(SocketAddress address) throws IOException {
        SocketChannel channel = Connector.isUnix(address) ? Connector.openUnix() : Connector.openTcp();
        try {
            if (!channel.connect(address)) {
                awaitConnected(channel);
            }
            return new StrictConnection(channel, Hosts.of(address));
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private static void awaitConnected(SocketChannel channel) throws IOException {
        try (Selector connecting = Selector.open()) {
            SelectionKey connect = channel.register(connecting, SelectionKey.OP_CONNECT);
            connecting.select(CONNECT_TIMEOUT.toMillis());
            boolean connected = channel.finishConnect();
            connect.cancel();
            if (!connected) {
                throw new SocketTimeoutException("not connected within " + CONNECT_TIMEOUT);
            }
        }
    }

    /** Opens a connection, sends one request on it, reads the response and closes. */
    public static Outcome exchange(SocketAddress address, Request request, Duration timeout) {
        try (StrictConnection connection = open(address)) {
            connection.send(request);
            return connection.receive(request, timeout);
        } catch (SocketTimeoutException e) {
            return new Failure(FailureKind.TIMED_OUT, e.toString(), false, System.nanoTime());
        } catch (IOException e) {
            return new Failure(Connector.kindOfConnectError(address, e), e.toString(), false, System.nanoTime());
        }
    }

    /** Sends a request, whole. */
    public void send(Request request) throws IOException {
        write(request.encode(host));
    }

    /** Sends these bytes, whatever they mean. Blocks until the kernel has taken them; at most 10 s. */
    public void write(byte[] bytes) throws IOException {
        ByteBuffer out = ByteBuffer.wrap(bytes);
        long deadline = System.nanoTime() + CONNECT_TIMEOUT.toNanos();
        while (out.hasRemaining()) {
            if (channel.write(out) == 0 && !awaitReady(SelectionKey.OP_WRITE, deadline)) {
                throw new SocketTimeoutException("not taken within " + CONNECT_TIMEOUT);
            }
        }
    }

    /**
     * Reads the next response and checks it against what {@code request} expects, unless its status is an error.
     *
     * @return a failure as soon as the response is known to be wrong, or has not come in time
     */
    public Outcome receive(Request request, Duration timeout) {
        long deadline = System.nanoTime() + timeout.toNanos();
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        reader.begin(request.expected(), body);
        try {
            while (!reader.feed(in)) {
                if (!fill(deadline)) {
                    return failure(FailureKind.TIMED_OUT, "no whole response within " + timeout);
                }
                if (in.limit() == 0) {
                    reader.end();
                    break;
                }
            }
            answers++;
            return new Answer(reader.head(), body.toByteArray());
        } catch (ResponseFault e) {
            return failure(e.kind(), e.detail());
        } catch (IOException e) {
            return failure(FailureKind.RESET, e.toString());
        }
    }

    /** Waits until the server ends the connection, or does something else. */
    public Ending awaitEnd(Duration timeout) {
        if (in.hasRemaining()) {
            return Ending.BYTES;
        }
        try {
            if (!fill(System.nanoTime() + timeout.toNanos())) {
                return Ending.STILL_OPEN;
            }
            return in.limit() == 0 ? Ending.CLOSED : Ending.BYTES;
        } catch (IOException e) {
            return Ending.RESET;
        }
    }

    /** Says that nothing more will be sent; the server can still answer. */
    public void shutdownOutput() throws IOException {
        channel.shutdownOutput();
    }

    /** The local address, which the server sees as the peer's. */
    public SocketAddress localAddress() throws IOException {
        return channel.getLocalAddress();
    }

    private Failure failure(FailureKind kind, String detail) {
        return new Failure(kind, detail, answers > 0, System.nanoTime());
    }

    /** Reads at least a byte, or the end (then the buffer is empty); false if neither came in time. */
    private boolean fill(long deadline) throws IOException {
        in.clear().flip();
        while (true) {
            int length = channel.read(in.clear());
            in.flip();
            if (length != 0) {
                return true;
            }
            if (!awaitReady(SelectionKey.OP_READ, deadline)) {
                return false;
            }
        }
    }

    private boolean awaitReady(int operation, long deadline) throws IOException {
        key.interestOps(operation);
        long left = (deadline - System.nanoTime() + 999_999) / 1_000_000;
        return left > 0 && selector.select(ready -> {}, left) > 0;
    }

    @Override
    public void close() throws IOException {
        channel.close();
        selector.close();
    }

    /** How a connection ended. */
    public enum Ending {
        /** By an orderly end of stream. */
        CLOSED,
        /** By a reset. */
        RESET,
        /** Not at all, so far. */
        STILL_OPEN,
        /** Not: bytes came, and nothing had been asked. */
        BYTES
    }
}
