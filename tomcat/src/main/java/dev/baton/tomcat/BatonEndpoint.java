package dev.baton.tomcat;

import dev.baton.Listener;
import dev.baton.ListenerChannel;
import dev.baton.drain.Connections;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.NioEndpoint;
import org.apache.tomcat.util.net.SocketBufferHandler;
import org.jspecify.annotations.Nullable;

/**
 * Tomcat's endpoint on a {@link ListenerChannel}.
 *
 * <p>Tomcat's own way to stop accepting is not used: {@code pause()} has the acceptor destroy what it has accepted
 * meanwhile, answers requests with 503, and connects to its own port to wake the acceptor. Here the channel is parked, and
 * the endpoint serves on.
 */
final class BatonEndpoint extends NioEndpoint {
    /** How many connections may linger at a time outside a drain: Tomcat's {@code maxConnections} does not count them. */
    private static final int MAX_LINGERING = 100;

    private final Semaphore lingering = new Semaphore(MAX_LINGERING);

    private @Nullable Listener listener;
    private @Nullable Connections registry;

    /** Guards the two below. */
    private final Object lock = new Object();

    /** What Tomcat calls the server socket; there is one from each start of Tomcat to its stop. */
    private @Nullable ListenerChannel channel;

    /** Whether this generation accepts, whatever Tomcat pauses, or stops and starts again. */
    private boolean accepting;

    /** The connection that the acceptor has just accepted; its thread alone uses it. */
    private @Nullable ServedConnection accepted;

    void serve(Listener from, Connections connections) {
        if (listener != null) {
            throw new IllegalStateException("the connector has a listener already: " + listener.address());
        }
        listener = from;
        registry = connections;
    }

    boolean isDraining() {
        Connections connections = registry;
        return connections != null && connections.drainReason().isPresent();
    }

    /** Begins to accept. */
    void beginAccepting() {
        synchronized (lock) {
            if (channel == null || !channel.isOpen()) {
                throw new IllegalStateException("start Tomcat before its server joins Baton");
            }
            accepting = true;
            channel.resume();
        }
    }

    /** See {@link ListenerChannel#park()}. */
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

    /** As {@link #release()}; the next start of Tomcat opens another, and accepts if this one did. */
    void closeChannel() throws IOException {
        ListenerChannel bound = channel();
        if (bound != null) {
            bound.close();
        }
    }

    private @Nullable ListenerChannel channel() {
        synchronized (lock) {
            return channel;
        }
    }

    @Override
    protected void initServerSocket() throws IOException {
        Listener from = listener;
        Connections connections = registry;
        if (from == null || connections == null) {
            throw new IllegalStateException(
                    "the connector has no listener: call BatonHttp11Protocol.serve before Tomcat starts");
        }
        ListenerChannel opened =
                ListenerChannel.open(from, socket -> accepted = ServedConnection.open(connections, this, socket));
        synchronized (lock) {
            channel = opened;
        }
    }

    @Override
    protected @Nullable NetworkChannel getServerSocket() {
        return channel();
    }

    @Override
    protected void doCloseServerSocket() throws IOException {
        closeChannel();
    }

    /** Tomcat's stop closes the channel; where Tomcat binds when it is initialised, nobody else opens another. */
    @Override
    public void startInternal() throws Exception {
        ListenerChannel bound = channel();
        if (bound != null && !bound.isOpen()) {
            initServerSocket();
        }
        super.startInternal();
        resumeChannel();
    }

    private void resumeChannel() {
        synchronized (lock) {
            if (channel != null && accepting) {
                channel.resume();
            }
        }
    }

    /** Nothing waits in accept(2): parking or closing the channel wakes the acceptor. */
    @Override
    protected void unlockAccept() {}

    /** Tomcat's pause, as in its own stop: no connection is taken that would be destroyed. */
    @Override
    public void pause() {
        ListenerChannel bound = channel();
        if (bound != null) {
            var _ = bound.park();
        }
        super.pause();
    }

    @Override
    public void resume() {
        super.resume();
        resumeChannel();
    }

    /** Where the kernel sends a file nobody says when the response is over. */
    @Override
    public boolean getUseSendfile() {
        return false;
    }

    @Override
    @SuppressWarnings("ThreadPriorityCheck") // A setting of Tomcat's.
    protected void startAcceptorThread() {
        acceptor = new ListenerAcceptor(this);
        Thread thread = new Thread(acceptor, getName() + "-Acceptor");
        thread.setPriority(getAcceptorThreadPriority());
        thread.setDaemon(getDaemon());
        thread.start();
    }

    /** Waits while there are {@code maxConnections}. */
    void awaitRoom() throws InterruptedException {
        countUpOrAwaitConnection();
    }

    /** What {@link #awaitRoom} has counted is no connection. */
    void notAccepted() {
        countDownConnection();
    }

    /** Accepts one connection, and gives it to the poller. */
    void acceptOne() throws IOException {
        ListenerChannel bound = channel();
        if (bound == null) {
            throw new ClosedChannelException();
        }
        SocketChannel socket = bound.accept();
        if (!setSocketOptions(socket)) {
            closeSocket(socket);
            takeAccepted().close();
        }
    }

    /** The registered connection of the socket that is being set up, in the acceptor's thread. */
    ServedConnection takeAccepted() {
        ServedConnection connection = accepted;
        if (connection == null) {
            throw new IllegalStateException("Tomcat sets up a socket that was not accepted here");
        }
        return connection;
    }

    @Override
    protected NioChannel createChannel(SocketBufferHandler buffers) {
        return isSSLEnabled() ? new TrackedSecureChannel(buffers, this) : new TrackedChannel(buffers, this);
    }

    @Override
    public void setHandler(Handler<NioChannel> handler) {
        super.setHandler(new TrackingHandler(handler));
    }

    /** Whether one more connection may linger; if so, {@link #lingered()} is to follow. */
    boolean mayLinger() {
        return lingering.tryAcquire();
    }

    void lingered() {
        lingering.release();
    }

    /** Takes the socket out of the poller's selector, so that it can be read by others. */
    void forget(SocketChannel socket) {
        Poller poller = getPoller();
        if (poller != null) {
            Selector selector = poller.getSelector();
            SelectionKey key = socket.keyFor(selector);
            if (key != null) {
                key.cancel();
                selector.wakeup();
            }
        }
    }
}
