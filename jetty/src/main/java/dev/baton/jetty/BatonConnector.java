package dev.baton.jetty;

import dev.baton.ListenerChannel;
import dev.baton.drain.Connections;
import dev.baton.drain.DrainOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.jspecify.annotations.Nullable;

/**
 * Jetty's {@code ServerConnector} on a listener of Baton's, which says the host and the port. All of Jetty's settings are as
 * they are there, but there is at least one acceptor thread.
 */
public final class BatonConnector extends ServerConnector {
    private final dev.baton.Listener listener;
    private final Connections connections;
    private final JettyServer participant;

    /** Accepted, and not yet with a selector. */
    private final Map<SocketChannel, ServedConnection> accepted = new ConcurrentHashMap<>();

    /** Set by whoever starts the connector. */
    private volatile @Nullable ListenerChannel channel;

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
        setHost(address.getHostString());
        setPort(address.getPort());
    }

    /** What takes part in restarts. */
    public JettyServer participant() {
        return participant;
    }

    @Override
    protected void doStart() throws Exception {
        for (HttpConfiguration.ConnectionFactory each : getBeans(HttpConfiguration.ConnectionFactory.class)) {
            if (each.getHttpConfiguration().getCustomizer(TrackingCustomizer.class) == null) {
                each.getHttpConfiguration().addCustomizer(new TrackingCustomizer());
            }
        }
        super.doStart();
    }

    @Override
    protected ServerSocketChannel openAcceptChannel() throws IOException {
        ListenerChannel opened = ListenerChannel.open(
                listener, socket -> accepted.put(socket, ServedConnection.open(connections, socket)));
        channel = opened;
        return opened;
    }

    @Override
    protected SocketChannelEndPoint newEndPoint(SocketChannel socket, ManagedSelector selector, SelectionKey key)
            throws IOException {
        ServedConnection connection = accepted.remove(socket);
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
        ListenerChannel bound = channel;
        if (bound == null || !bound.isOpen()) {
            throw new ClosedChannelException();
        }
        super.accept(acceptor);
    }

    void beginAccepting() {
        ListenerChannel bound = channel;
        if (bound == null || !isRunning()) {
            throw new IllegalStateException("start Jetty before its connector joins Baton");
        }
        bound.resume();
    }

    CompletableFuture<Void> park() {
        ListenerChannel bound = channel;
        return bound == null ? CompletableFuture.completedFuture(null) : bound.park();
    }

    /** Closes the descriptor; the listener stays open. A second call does nothing. */
    void release() throws IOException {
        ListenerChannel bound = channel;
        if (bound != null) {
            bound.close();
        }
    }
}
