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
 * connection ends, are made under the monitor of this object: so a request of which a byte was read is active, and one of
 * which a byte waits in the kernel is seen.
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
    private int requests;

    /** The last request has its response. */
    private boolean answered;

    /** Nothing was read since then. */
    private boolean quiet;

    /** Of the request that was answered last, the client has sent everything. */
    private boolean bodyRead = true;

    private boolean outputShutDown;
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
    synchronized int fill(Fill fill) throws IOException {
        if (ending) {
            return -1;
        }
        int count = fill.fill();
        if (count > 0) {
            tracked.received(count);
            quiet = false;
            switch (tracked.state()) {
                case NEW, IDLE -> tracked.active();
                case ACTIVE, HIJACKED, CLOSED -> {
                    // More of the same.
                }
            }
        }
        return count;
    }

    synchronized void sent(long bytes) {
        if (bytes > 0) {
            tracked.sent(bytes);
        }
    }

    synchronized void requestBegun() {
        requests++;
        answered = false;
    }

    /** A response is complete, or has failed. */
    synchronized void requestEnded(boolean wholeRequest) {
        requests--;
        answered = true;
        quiet = true;
        bodyRead = wholeRequest;
        tracked.requestServed();
        endIfAnswered();
    }

    synchronized void outputShutDown() {
        outputShutDown = true;
        endIfAnswered();
    }

    /** The client has all that it has asked for, and is not sending: a drain need not wait for its close. */
    private void endIfAnswered() {
        if (outputShutDown && answered && bodyRead && requests == 0) {
            tracked.closed();
        }
    }

    /** Jetty waits for bytes, and has none left that it was given before. */
    synchronized void waits() {
        if (answered && quiet && requests == 0 && !outputShutDown && tracked.state() == ConnectionState.ACTIVE) {
            tracked.idle();
        }
    }

    synchronized boolean isWithinHead() {
        return tracked.state() == ConnectionState.ACTIVE && requests == 0 && !quiet && !outputShutDown;
    }

    /** Whether the client, which has its response, still sends: a close would reset the connection. */
    synchronized boolean isToLinger() {
        return answered && !bodyRead && requests == 0 && !cut && tracked.state() == ConnectionState.ACTIVE;
    }

    /** The connection is the application's. */
    synchronized void upgraded() {
        if (tracked.state() == ConnectionState.ACTIVE) {
            tracked.hijacked();
        }
    }

    synchronized void closed() {
        tracked.closed();
    }

    @Override
    public void drain(DrainReason reason) {
        // Whether responses are to say that they are the last is asked for each.
    }

    @Override
    public void resume() {
        // As for drain.
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
        try {
            ending = socket.socket().getInputStream().available() == 0;
        } catch (IOException _) {
            ending = true;
        }
        return ending;
    }

    @Override
    public void close() {
        TrackedEndPoint current = endPoint;
        synchronized (this) {
            cut = true;
        }
        if (current != null) {
            current.close();
        }
        try (socket) {
            closed();
        } catch (IOException e) {
            System.getLogger("dev.baton.jetty").log(System.Logger.Level.DEBUG, "A connection was not closed well.", e);
        }
    }

    @Override
    public synchronized boolean isAnswered() {
        return outputShutDown || (answered && requests == 0);
    }

    @Override
    public SocketAddress peer() {
        return peer;
    }
}
