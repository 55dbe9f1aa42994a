package dev.baton.testkit;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import javax.net.ssl.SSLContext;

/**
 * One raw connection under the test's own hand: bytes go out when the test says so, and responses are read as strictly
 * as in a {@link Load}. It never reconnects. For one thread at a time.
 */
public final class StrictConnection implements AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    private final ClientTransport transport;
    private final String host;
    private final ResponseReader reader = new ResponseReader(Load.GENERATION_HEADER);
    private final ByteBuffer in = ByteBuffer.allocate(1 << 16).flip();
    private int answers;
    private long bytesSent;
    private long bytesReceived;

    private StrictConnection(ClientTransport transport, String host) {
        this.transport = transport;
        this.host = host;
    }

    /**
     * Connects, and sends nothing.
     *
     * @param address an {@link java.net.InetSocketAddress} or a {@link java.net.UnixDomainSocketAddress}
     * @throws IOException if the connection is not there within 10 s; {@link java.net.ConnectException} if it is refused
     */
    public static StrictConnection open(SocketAddress address) throws IOException {
        return over(SocketTransport.connect(address, CONNECT_TIMEOUT), Hosts.of(address));
    }

    /** As {@link #open(SocketAddress)}, within TLS: see {@link TlsTransport}. */
    public static StrictConnection open(SocketAddress address, SSLContext tls) throws IOException {
        return over(TlsTransport.connect(address, tls), Hosts.of(address));
    }

    /**
     * A connection over a transport of the caller's, which this then owns.
     *
     * @param host what the header {@code Host} says
     */
    public static StrictConnection over(ClientTransport transport, String host) {
        return new StrictConnection(transport, host);
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

    /** Sends these bytes, whatever they mean. Blocks until the transport has taken them; at most 10 s. */
    public void write(byte[] bytes) throws IOException {
        transport.write(ByteBuffer.wrap(bytes), System.nanoTime() + CONNECT_TIMEOUT.toNanos());
        bytesSent += bytes.length;
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

    /**
     * Reads exactly these bytes, whatever they mean.
     *
     * @throws IOException if others come, or fewer: the stream ends, is reset, or the time is over
     */
    public void expect(byte[] bytes, Duration timeout) throws IOException {
        long deadline = System.nanoTime() + timeout.toNanos();
        for (int i = 0; i < bytes.length; i++) {
            byte b = next(deadline);
            if (b != bytes[i]) {
                throw new IOException("byte " + i + " of " + bytes.length + " is " + b + ", not " + bytes[i]);
            }
        }
    }

    /**
     * Reads up to and with the next occurrence of a text.
     *
     * @return everything before it
     * @throws IOException if the stream ends, is reset, or the time is over before
     */
    public String readUntil(String text, Duration timeout) throws IOException {
        long deadline = System.nanoTime() + timeout.toNanos();
        StringBuilder read = new StringBuilder();
        while (read.indexOf(text, Math.max(0, read.length() - text.length())) < 0) {
            read.append((char) (next(deadline) & 0xFF));
        }
        return read.substring(0, read.length() - text.length());
    }

    private byte next(long deadline) throws IOException {
        if (!in.hasRemaining() && !fill(deadline)) {
            throw new SocketTimeoutException("no byte in time");
        }
        if (!in.hasRemaining()) {
            throw new EOFException("the stream has ended");
        }
        return in.get();
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
        transport.shutdownOutput();
    }

    /** Closes with a reset, as the kernel does for a client that was killed with bytes unread. */
    public void reset() throws IOException {
        transport.reset();
    }

    /** The local address, which the server sees as the peer's. */
    public SocketAddress localAddress() throws IOException {
        return transport.localAddress();
    }

    /** How many bytes were given to the transport. */
    public long bytesSent() {
        return bytesSent;
    }

    /** How many bytes the transport has given. */
    public long bytesReceived() {
        return bytesReceived;
    }

    private Failure failure(FailureKind kind, String detail) {
        return new Failure(kind, detail, answers > 0, System.nanoTime());
    }

    /** Reads at least a byte, or the end (then the buffer is empty); false if neither came in time. */
    private boolean fill(long deadline) throws IOException {
        int length = transport.read(in.clear(), deadline);
        in.flip();
        bytesReceived += Math.max(0, length);
        return length != 0;
    }

    @Override
    public void close() throws IOException {
        transport.close();
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
