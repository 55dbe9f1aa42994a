package dev.baton.jetty;

import dev.baton.ListenerChannel;
import dev.baton.drain.Connections;
import dev.baton.drain.DrainOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.jspecify.annotations.Nullable;

/**
 * Jetty's {@code ServerConnector} on a listener of Baton's, which says the host and the port. Jetty's settings are as they are
 * there, but for those of the listening socket ({@code acceptQueueSize}, {@code reuseAddress}, {@code reusePort},
 * {@code inheritChannel}), which mean nothing; there is one acceptor thread.
 */
public final class BatonConnector extends ServerConnector {
    private final dev.baton.Listener listener;
    private final Connections connections;
    private final JettyServer participant;

    /** Those that Jetty has not closed. */
    private final Map<SelectableChannel, ServedConnection> served = new ConcurrentHashMap<>();

    /** Guards the two below: whether this generation accepts outlives Jetty's own stop and start, and a channel does not. */
    private final Object lock = new Object();

    private boolean accepting;
    private @Nullable ListenerChannel channel;

    /** As the other constructor, with the default options, for HTTP/1.1 with Jetty's defaults. */
    public BatonConnector(Server server, dev.baton.Listener listener) {
        this(server, listener, DrainOptions.defaults(), new HttpConnectionFactory());
    }

    /**
     * A connector for the server, to which the caller adds it.
     *
     * @param factories the protocols, as for {@code ServerConnector}
     * @throws IllegalArgumentException if the listener is not one of TCP
     */
    public BatonConnector(
            Server server, dev.baton.Listener listener, DrainOptions options, ConnectionFactory... factories) {
        super(server, null, null, null, 1, -1, factories);
        if (!(listener.localAddress() instanceof InetSocketAddress address)) {
            throw new IllegalArgumentException(listener.address() + " is no TCP address");
        }
        this.listener = listener;
        this.connections = new Connections(options);
        this.participant = new JettyServer(this, listener, connections);
        getSelectorManager().addEventListener(new Ends());
        setHost(address.getHostString());
        setPort(address.getPort());
    }

    /** What takes part in restarts. */
    public JettyServer participant() {
        return participant;
    }

    /** Jetty has one of these calls for each connection, whatever becomes of it. */
    private final class Ends implements SelectorManager.AcceptListener {
        /** The connection was closed before anything knew of it that Jetty would tell. */
        @Override
        public void onAcceptFailed(SelectableChannel socket, Throwable cause) {
            ServedConnection connection = served.remove(socket);
            if (connection != null) {
                connection.closed();
            }
        }

        @Override
        public void onClosed(SelectableChannel socket) {
            served.remove(socket);
        }
    }

    @Override
    protected void doStart() throws Exception {
        for (HttpConfiguration configuration : getContainedBeans(HttpConfiguration.class)) {
            if (configuration.getCustomizer(TrackingCustomizer.class) == null) {
                configuration.getCustomizers().addFirst(new TrackingCustomizer());
            }
        }
        super.doStart();
        synchronized (lock) {
            if (accepting && channel != null) {
                channel.resume();
            }
        }
    }

    @Override
    protected void doStop() throws Exception {
        try {
            super.doStop();
        } finally {
            closeChannel();
            served.values().forEach(ServedConnection::close);
            served.clear();
        }
    }

    @Override
    protected ServerSocketChannel openAcceptChannel() throws IOException {
        ListenerChannel opened = ListenerChannel.open(
                listener, socket -> served.put(socket, ServedConnection.open(connections, socket)));
        synchronized (lock) {
            channel = opened;
        }
        return opened;
    }

    @Override
    protected SocketChannelEndPoint newEndPoint(SocketChannel socket, ManagedSelector selector, SelectionKey key)
            throws IOException {
        ServedConnection connection = served.get(socket);
        if (connection == null) {
            return super.newEndPoint(socket, selector, key);
        }
        TrackedEndPoint endPoint = new TrackedEndPoint(socket, selector, key, getScheduler(), connection);
        endPoint.setIdleTimeout(getIdleTimeout());
        connection.attach(endPoint);
        return endPoint;
    }

    /** Of a channel that is closed nothing more is accepted. */
    @Override
    protected boolean handleAcceptFailure(Throwable failure) {
        return !(failure instanceof ClosedChannelException) && super.handleAcceptFailure(failure);
    }

    @Override
    public void accept(int acceptor) throws IOException {
        ListenerChannel bound = channel();
        if (bound == null || !bound.isOpen()) {
            throw new ClosedChannelException();
        }
        super.accept(acceptor);
    }

    private @Nullable ListenerChannel channel() {
        synchronized (lock) {
            return channel;
        }
    }

    void beginAccepting() {
        synchronized (lock) {
            if (channel == null || !channel.isOpen() || !isRunning()) {
                throw new IllegalStateException("start Jetty before its connector joins Baton");
            }
            accepting = true;
            channel.resume();
        }
    }

    CompletableFuture<Void> park() {
        synchronized (lock) {
            accepting = false;
            return channel == null ? CompletableFuture.completedFuture(null) : channel.park();
        }
    }

    /** Closes the descriptor; the listener stays open. A second call does nothing. */
    void release() throws IOException {
        synchronized (lock) {
            accepting = false;
        }
        closeChannel();
    }

    private void closeChannel() throws IOException {
        ListenerChannel bound = channel();
        if (bound != null) {
            bound.close();
        }
    }
}
