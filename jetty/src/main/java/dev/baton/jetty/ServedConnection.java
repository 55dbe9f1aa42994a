package dev.baton.jetty;

import dev.baton.drain.ConnectionControl;
import dev.baton.drain.ConnectionState;
import dev.baton.drain.Connections;
import dev.baton.drain.DrainReason;
import dev.baton.drain.TrackedConnection;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * One of Jetty's connections as the registry sees it.
 *
 * <p>Jetty works on a connection on any thread. Every change of the state, every read, and the decision that an idle
 * connection ends, are made under the monitor of this object.
 *
 * <p><b>Request versus idle close, settled here.</b> Bytes are {@linkplain #reading in use} from the read that has taken
 * them from the kernel until Jetty waits for the next. When it waits, what was read belongs to a request that a handler has
 * been given, to one that was answered, or to a head that is not complete: the first two are counted, the third is known by
 * the bytes that came since. So a connection that is closed as idle has no request under way, nothing in use and nothing in
 * the kernel; and once that is decided nothing more is read.
 */
final class ServedConnection implements ConnectionControl {
    private final Connections connections;
    private final SocketChannel socket;
    private final SocketAddress peer;

    /** Set when the connection is registered, before anything else is done with it. */
    @SuppressWarnings("NullAway.Init")
    private TrackedConnection tracked;

    private volatile @Nullable TrackedEndPoint endPoint;

    // Guarded by this.
    private final RequestCount count = new RequestCount();
    private boolean reading;

    /** The last request has its response. */
    private boolean answered;

    /** Of the request that was answered last, the client has sent everything. */
    private boolean bodyRead = true;

    private boolean outputShutDown;

    /** It was to be closed as idle, and something was under way. */
    private boolean asked;

    private boolean ending;
    private boolean cut;

    /** A read of the socket. */
    @FunctionalInterface
    interface Fill {
        int fill() throws IOException;
    }

    private ServedConnection(Connections connections, SocketChannel socket) {
        this.connections = connections;
        this.socket = socket;
        this.peer = remoteAddress(socket);
    }

    /**
     * Registers a connection that was just accepted.
     *
     * @throws dev.baton.drain.ServerClosedException see {@link Connections#open}
     */
    static ServedConnection open(Connections connections, SocketChannel socket) {
        ServedConnection connection = new ServedConnection(connections, socket);
        synchronized (connection) {
            connection.tracked = connections.open(connection);
        }
        return connection;
    }

    private static SocketAddress remoteAddress(SocketChannel socket) {
        try {
            return socket.getRemoteAddress();
        } catch (IOException _) {
            return new InetSocketAddress(0); // Closed in this moment: nobody will ask.
        }
    }

    void attach(TrackedEndPoint value) {
        endPoint = value;
    }

    boolean isDraining() {
        return connections.drainReason().isPresent();
    }

    /** Reads; of a connection that is about to be closed as idle nothing is read any more. */
    synchronized int fill(Fill fill, Protocol protocol) throws IOException {
        if (ending) {
            return -1;
        }
        int length = fill.fill();
        if (length > 0) {
            tracked.received(length);
            count.received(length);
            reading = true;
            if (protocol.isHttp1() && !protocol.isTls()) {
                active();
            }
        }
        return length;
    }

    synchronized void sent(long bytes) {
        if (bytes > 0) {
            tracked.sent(bytes);
        }
    }

    synchronized void requestBegun(Protocol protocol) {
        count.begun(protocol);
        answered = false;
        active();
    }

    /** A response is complete, or has failed. */
    synchronized void requestEnded(Protocol protocol, boolean wholeRequest) {
        count.ended(protocol);
        answered = true;
        bodyRead = wholeRequest;
        tracked.requestServed();
        endIfAnswered();
        if (!protocol.isHttp1() && count.isZero() && !outputShutDown) {
            rests();
        }
    }

    synchronized void outputShutDown() {
        outputShutDown = true;
        endIfAnswered();
    }

    /** The client has all that it has asked for, and is not sending: a drain need not wait for its close. */
    private void endIfAnswered() {
        if (outputShutDown && answered && bodyRead && count.isZero()) {
            tracked.closed();
        }
    }

    /** Jetty waits for bytes, and has none left that it was given before. */
    synchronized void waits(Protocol protocol) {
        reading = false;
        if (protocol.isOutputShutDown() && !outputShutDown) {
            outputShutDown();
        }
        if (!count.isZero() || outputShutDown || count.hasQueued(protocol)) {
            return;
        }
        if (count.isWithinHead(protocol)) {
            active();
        } else {
            rests();
        }
    }

    private void active() {
        switch (tracked.state()) {
            case NEW, IDLE -> tracked.active();
            case ACTIVE, HIJACKED, CLOSED -> {
                // More of the same.
            }
        }
    }

    /** Nothing is under way. */
    private void rests() {
        switch (tracked.state()) {
            case ACTIVE -> tracked.idle();
            case NEW, IDLE -> {
                if (asked) {
                    closeIfIdle();
                }
            }
            case HIJACKED, CLOSED -> {
                // It stays so.
            }
        }
    }

    synchronized boolean isWithinHead(Protocol protocol) {
        return tracked.state() == ConnectionState.ACTIVE
                && protocol.isHttp1()
                && count.isZero()
                && !outputShutDown
                && count.isWithinHead(protocol);
    }

    /** Whether, in a drain, the client, which has its response, still sends: a close would reset the connection. */
    synchronized boolean isToLinger() {
        return isDraining()
                && answered
                && !bodyRead
                && count.isZero()
                && !cut
                && tracked.state() == ConnectionState.ACTIVE;
    }

    /** The connection is the application's. */
    synchronized void upgraded() {
        if (tracked.state() == ConnectionState.ACTIVE) {
            tracked.requestServed();
            tracked.hijacked();
        }
    }

    synchronized void closed() {
        tracked.closed();
    }

    /** Whether responses are to say that they are the last is asked for each. */
    @Override
    public void drain(DrainReason reason) {}

    @Override
    public synchronized void resume() {
        asked = false;
    }

    @Override
    public void closeIfIdle() {
        var _ = Thread.ofVirtual().name("baton-idle-close").start(() -> {
            if (isSilent()) {
                close();
            }
        });
    }

    private synchronized boolean isSilent() {
        if ((tracked.state() != ConnectionState.NEW && tracked.state() != ConnectionState.IDLE) || !isDraining()) {
            return false;
        }
        TrackedEndPoint current = endPoint;
        boolean queued = current != null && count.hasQueued(current.protocol());
        ending = count.isZero() && !reading && !queued && isKernelEmpty();
        asked = !ending;
        return ending;
    }

    private boolean isKernelEmpty() {
        try {
            return socket.socket().getInputStream().available() == 0;
        } catch (IOException _) {
            return true; // The connection has ended.
        }
    }

    @Override
    public void close() {
        TrackedEndPoint current = endPoint;
        boolean busy;
        synchronized (this) {
            cut = true;
            busy = tracked.state() == ConnectionState.ACTIVE;
        }
        try (socket) {
            if (current != null) {
                current.end(busy);
            }
            closed();
        } catch (IOException e) {
            System.getLogger("dev.baton.jetty").log(System.Logger.Level.DEBUG, "A connection was not closed well.", e);
        }
    }

    @Override
    public synchronized boolean isAnswered() {
        return outputShutDown || (answered && count.isZero());
    }

    @Override
    public SocketAddress peer() {
        return peer;
    }
}
