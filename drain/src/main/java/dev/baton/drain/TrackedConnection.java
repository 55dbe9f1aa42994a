package dev.baton.drain;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One connection in the registry: its state and what is counted about it.
 *
 * <p>The methods that change something are called by the one thread that owns the connection; the others by any thread.
 * A change takes no lock and allocates nothing, but for the last one.
 */
public final class TrackedConnection {
    private static final VarHandle REQUESTS_SERVED;
    private static final VarHandle BYTES_RECEIVED;
    private static final VarHandle BYTES_SENT;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            REQUESTS_SERVED = lookup.findVarHandle(TrackedConnection.class, "requestsServed", long.class);
            BYTES_RECEIVED = lookup.findVarHandle(TrackedConnection.class, "bytesReceived", long.class);
            BYTES_SENT = lookup.findVarHandle(TrackedConnection.class, "bytesSent", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Connections connections;
    private final ConnectionControl control;
    private final long openedNanos;

    // Written by the owning thread alone.
    private volatile ConnectionState state;
    private long requestsServed;
    private long bytesReceived;
    private long bytesSent;

    // The links of ConnectionList, guarded by the lock of Connections.
    @Nullable
    TrackedConnection previous;

    @Nullable
    TrackedConnection next;

    TrackedConnection(Connections connections, ConnectionControl control, long openedNanos) {
        this.connections = connections;
        this.control = control;
        this.openedNanos = openedNanos;
        this.state = ConnectionState.NEW;
    }

    /** One that was opened in another process. */
    TrackedConnection(Connections connections, ConnectionControl control, long now, ConnectionHistory history) {
        this.connections = connections;
        this.control = control;
        this.openedNanos = now - history.age().toNanos();
        this.state = history.state();
        this.requestsServed = history.requestsServed();
        this.bytesReceived = history.bytesReceived();
        this.bytesSent = history.bytesSent();
    }

    /** What the connection is doing. */
    public ConnectionState state() {
        return state;
    }

    /** Why the connection is to end soon; empty while the server serves as usual. */
    public Optional<DrainReason> drainReason() {
        return connections.drainReason();
    }

    /** The first byte of a request has come. */
    public void active() {
        change(ConnectionState.ACTIVE);
    }

    /** The last byte of the last outstanding response was written out, and nothing of a next request has come. */
    public void idle() {
        change(ConnectionState.IDLE);
        connections.becameIdle(this);
    }

    /** The application has taken the socket: nothing here concerns itself with the connection any more. Terminal. */
    public void hijacked() {
        change(ConnectionState.HIJACKED);
        connections.ended(this);
    }

    /** The connection is closed. Terminal; does nothing for a connection that is closed or hijacked already. */
    public void closed() {
        ConnectionState from = state;
        if (from == ConnectionState.CLOSED || from == ConnectionState.HIJACKED) {
            return;
        }
        change(ConnectionState.CLOSED);
        connections.ended(this);
    }

    /** A response was written out in full. */
    public void requestServed() {
        REQUESTS_SERVED.setOpaque(this, requestsServed + 1);
    }

    /** This many bytes were read from the peer. */
    public void received(long bytes) {
        BYTES_RECEIVED.setOpaque(this, bytesReceived + bytes);
    }

    /** This many bytes were handed to the transport for the peer. */
    public void sent(long bytes) {
        BYTES_SENT.setOpaque(this, bytesSent + bytes);
    }

    /** The connection as it is now; figures that change at this moment may be of slightly different moments. */
    public ConnectionSnapshot snapshot() {
        return new ConnectionSnapshot(
                state,
                control.peer(),
                Duration.ofNanos(connections.nanoTime() - openedNanos),
                (long) REQUESTS_SERVED.getOpaque(this),
                (long) BYTES_RECEIVED.getOpaque(this),
                (long) BYTES_SENT.getOpaque(this));
    }

    /** Whether a request would be cut short if the connection were closed now. */
    boolean hasRequest() {
        return state == ConnectionState.ACTIVE && !control.isAnswered();
    }

    ConnectionControl control() {
        return control;
    }

    long openedNanos() {
        return openedNanos;
    }

    private void change(ConnectionState to) {
        ConnectionState from = state;
        if (!from.canBecome(to)) {
            throw new IllegalStateException("a connection that is " + from + " cannot become " + to);
        }
        state = to;
        connections.stateChanged(this, from, to);
    }

    @Override
    public String toString() {
        return "connection " + control.peer() + " " + state;
    }
}
