package dev.baton.tomcat;

import dev.baton.drain.ConnectionControl;
import dev.baton.drain.ConnectionState;
import dev.baton.drain.Connections;
import dev.baton.drain.DrainReason;
import dev.baton.drain.LingeringClose;
import dev.baton.drain.TrackedConnection;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.Lock;
import org.apache.coyote.Processor;
import org.apache.coyote.UpgradeToken;
import org.apache.tomcat.util.net.NioEndpoint.NioSocketWrapper;
import org.jspecify.annotations.Nullable;

/**
 * One of Tomcat's connections as the registry sees it.
 *
 * <p>Tomcat works on a connection on any thread, with the lock of its wrapper; it closes one without that lock. So every
 * change of the state is made under the monitor of this object, and one that comes after the end is none.
 */
final class ServedConnection implements ConnectionControl {
    private static final Logger LOGGER = System.getLogger("dev.baton.tomcat");
    private static final byte[] TIMED_OUT =
            "HTTP/1.1 408 \r\nContent-Length: 0\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final BatonEndpoint endpoint;
    private final SocketChannel socket;
    private final SocketAddress peer;

    /** Set when the connection is registered, before anything else is done with it. */
    @SuppressWarnings("NullAway.Init")
    private TrackedConnection tracked;

    private volatile @Nullable NioSocketWrapper wrapper;

    /** The last response was sent, and Tomcat is about to close the connection. Guarded by this. */
    private boolean finished;

    /** There is no request that has no response. Guarded by this. */
    private boolean answered;

    /** Of the request that was answered last, the client has not sent everything yet. Guarded by this. */
    private boolean bodyUnread;

    /** HTTP/2, which ends by GOAWAY. */
    private volatile boolean http2;

    private ServedConnection(BatonEndpoint endpoint, SocketChannel socket) {
        this.endpoint = endpoint;
        this.socket = socket;
        this.peer = remoteAddress(socket);
    }

    /**
     * Registers a connection that was just accepted.
     *
     * @throws dev.baton.drain.ServerClosedException see {@link Connections#open}
     */
    static ServedConnection open(Connections connections, BatonEndpoint endpoint, SocketChannel socket) {
        ServedConnection connection = new ServedConnection(endpoint, socket);
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

    /** Tomcat has set the connection up. */
    ServedConnection of(NioSocketWrapper value) {
        wrapper = value;
        return this;
    }

    boolean isDraining() {
        return endpoint.isDraining();
    }

    synchronized void received(long bytes) {
        tracked.received(bytes);
        switch (tracked.state()) {
            case NEW, IDLE -> tracked.active();
            case ACTIVE, HIJACKED, CLOSED -> {
                // More of the same.
            }
        }
    }

    synchronized void sent(long bytes) {
        tracked.sent(bytes);
    }

    /** The servlets are given a request. */
    synchronized void requestBegun() {
        answered = false;
    }

    /** Tomcat gives up on a request, of which the client has not sent everything. */
    synchronized void bodyUnread(boolean unread) {
        bodyUnread = unread;
    }

    /** A response was written out in full. */
    synchronized void answered(boolean unread) {
        answered = true;
        bodyUnread = unread;
        tracked.requestServed();
    }

    /** Tomcat waits for the next request. With the lock of the wrapper. */
    void idle() {
        synchronized (this) {
            if (tracked.state() != ConnectionState.ACTIVE) {
                return;
            }
            bodyUnread = false;
            tracked.idle();
        }
    }

    /** Tomcat is going to close the connection, of its own accord. With the lock of the wrapper. */
    synchronized void finished() {
        finished = true;
    }

    /**
     * The connection speaks another protocol from now on: HTTP/2, which has an end that the client is told of, or one that
     * is the application's. With the lock of the wrapper.
     */
    void upgraded() {
        NioSocketWrapper current = wrapper;
        if (http2 || current == null || !(current.getCurrentProcessor() instanceof Processor processor)) {
            return;
        }
        UpgradeToken token = processor.getUpgradeToken();
        if (token != null && (token.protocol().equals("h2") || token.protocol().equals("h2c"))) {
            http2 = true;
            tellHttp2();
            return;
        }
        synchronized (this) {
            if (tracked.state() == ConnectionState.ACTIVE) {
                tracked.hijacked();
            }
        }
    }

    /** With the lock, because a wrapper has no processor while that is at work. */
    private void tellHttp2Afterwards() {
        NioSocketWrapper current = wrapper;
        if (current == null) {
            return;
        }
        Lock lock = current.getLock();
        lock.lock();
        try {
            tellHttp2();
        } finally {
            lock.unlock();
        }
    }

    /** Has Tomcat send GOAWAY. With the lock of the wrapper. */
    private void tellHttp2() {
        NioSocketWrapper current = wrapper;
        if (isDraining() && current != null && current.getCurrentProcessor() instanceof Processor processor) {
            processor.pause();
        }
    }

    /**
     * Tomcat has found an error. If it is the time for a head that did not become complete, the client is told, which
     * Tomcat does not. With the lock of the wrapper.
     */
    void failed() {
        NioSocketWrapper current = wrapper;
        if (tracked.state() != ConnectionState.ACTIVE
                || current == null
                || !(current.getError() instanceof SocketTimeoutException)
                || !(current.getCurrentProcessor() instanceof TrackingProcessor processor)
                || processor.isAsync()) {
            return;
        }
        try {
            current.getSocket().write(ByteBuffer.wrap(TIMED_OUT));
            finished();
        } catch (IOException e) {
            LOGGER.log(Level.DEBUG, "A client was not told that its time is over.", e);
        }
    }

    /**
     * Tomcat closes the connection. In a drain, or if its client still sends, the client is told of the end first, and what
     * comes is read: a close, or an exit of the process, with unread bytes is a reset, which can destroy the response.
     */
    void end() throws IOException {
        boolean draining = isDraining();
        boolean unread;
        boolean counted;
        boolean linger;
        synchronized (this) {
            boolean due = finished && tracked.state() == ConnectionState.ACTIVE;
            unread = bodyUnread;
            counted = due && !draining && unread && endpoint.mayLinger();
            linger = due && (draining || counted);
        }
        if (!linger) {
            try (socket) {
                closed();
            }
            return;
        }
        endpoint.forget(socket);
        try {
            socket.shutdownOutput();
            unread |= socket.socket().getInputStream().available() > 0;
        } catch (IOException e) {
            LOGGER.log(Level.DEBUG, "A client has gone before the end of its connection.", e);
        }
        LingeringClose.begin(socket, () -> {
            closed();
            if (counted) {
                endpoint.lingered();
            }
        });
        if (!unread) {
            closed(); // Its client has all that it has asked for: a drain need not wait.
        }
    }

    private synchronized void closed() {
        tracked.closed();
    }

    @Override
    public void drain(DrainReason reason) {
        if (http2) {
            var _ = Thread.startVirtualThread(this::tellHttp2Afterwards);
        }
    }

    /** Nothing to do: whether responses are to say that they are the last is asked for each. */
    @Override
    public void resume() {}

    /**
     * Waits for the lock on a virtual thread, because whoever has it may have made the connection idle a moment ago, and
     * not let go yet.
     */
    @Override
    public void closeIfIdle() {
        var _ = Thread.ofVirtual().name("baton-idle-close").start(() -> {
            NioSocketWrapper current = wrapper;
            if (current == null) {
                close();
                return;
            }
            Lock lock = current.getLock();
            lock.lock();
            try {
                if (isSilent(current)) {
                    current.close();
                }
            } catch (IOException _) {
                current.close();
            } finally {
                lock.unlock();
            }
        });
    }

    /** Whether nothing of a request has come, neither to Tomcat nor to the kernel. With the lock of the wrapper. */
    private synchronized boolean isSilent(NioSocketWrapper current) throws IOException {
        return switch (tracked.state()) {
            case NEW, IDLE ->
                isDraining()
                        && !(current.getSocket() instanceof Tracked channel && channel.isWithinRecord())
                        && socket.socket().getInputStream().available() == 0;
            case ACTIVE, HIJACKED, CLOSED -> false;
        };
    }

    @Override
    public void close() {
        NioSocketWrapper current = wrapper;
        if (current != null) {
            current.close();
        }
        try (socket) {
            closed();
        } catch (IOException e) {
            LOGGER.log(Level.DEBUG, "A connection was not closed in an orderly way.", e);
        }
    }

    @Override
    public synchronized boolean isAnswered() {
        return answered;
    }

    @Override
    public SocketAddress peer() {
        return peer;
    }
}
