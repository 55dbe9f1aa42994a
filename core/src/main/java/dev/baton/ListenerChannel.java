package dev.baton;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Sockets;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * A {@link Listener} for TCP as the JDK's servers want it: a {@link ServerSocketChannel} whose {@link #accept()} gives
 * connections that can be registered with any selector, and which can be parked.
 *
 * <pre>
 *   PARKED <---> ACCEPTING      either ---> CLOSED
 * </pre>
 *
 * <p>It is parked at first. While it is, {@code accept()} waits, whatever waits in the kernel's queue.
 *
 * <p>The blocking mode is that of a blocking channel for whoever accepts, and {@code configureBlocking} changes nothing:
 * the flag belongs to the socket, which all generations share, and one that made it blocking would stop a selector of
 * another. For the same reason it cannot be registered with a selector. Closing it leaves the listener open.
 *
 * <p>Safe for use by any thread. Several may accept; one at a time does.
 *
 * <p><b>Accept versus park, settled here.</b> Whoever accepts is <em>inside</em> from before accept(2) until the callback
 * for the connection has returned, and gets in only while the state is ACCEPTING. Both are guarded by one lock. So when
 * {@link #park()} finds nobody inside, or the last one leaves after it, no accept(2) is running, none can begin, and the
 * callback knows every connection that one has returned: then the future completes. Waiting for a connection is not
 * accept(2) on a blocking socket, out of which nothing but a connection leads, but a selector that {@code park} wakes.
 */
public final class ListenerChannel extends ServerSocketChannel {
    private enum State {
        PARKED,
        ACCEPTING,
        CLOSED
    }

    private final Listener listener;
    private final Consumer<SocketChannel> onAccept;

    /** The JDK's channel on a duplicate of the listener's descriptor. */
    private final ServerSocketChannel channel;

    private final Selector selector;
    private final SelectionKey key;

    /** Held by the one thread that may go inside. */
    private final ReentrantLock turn = new ReentrantLock();

    /** Guards the fields below. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition changed = lock.newCondition();
    private final List<CompletableFuture<Void>> parking = new ArrayList<>();
    private State state = State.PARKED;
    private boolean inside;

    private ListenerChannel(Listener listener, ServerSocketChannel channel, Consumer<SocketChannel> onAccept)
            throws IOException {
        super(SelectorProvider.provider());
        this.listener = listener;
        this.channel = channel;
        this.onAccept = onAccept;
        this.selector = Selector.open();
        this.key = channel.register(selector, SelectionKey.OP_ACCEPT);
    }

    /**
     * A parked channel on a duplicate of the listener's descriptor.
     *
     * @param onAccept is given each connection by the thread that has accepted it, before {@link #accept()} returns it and
     *     before a {@link #park()} at that moment completes. If it throws, so does {@code accept()}, and the connection is
     *     closed
     * @throws IOException if no descriptor is left
     * @throws IllegalArgumentException if the listener is not one of TCP
     */
    public static ListenerChannel open(Listener listener, Consumer<SocketChannel> onAccept) throws IOException {
        if (!(listener.address() instanceof ListenAddress.Tcp)) {
            throw new IllegalArgumentException(listener.address() + " is no TCP address");
        }
        ServerSocketChannel channel = adopt(listener);
        try {
            return new ListenerChannel(listener, channel, onAccept);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * A channel of the JDK whose descriptor is one of the listener.
     *
     * <p>The JDK makes channels of its own sockets only (docs/adr/0007). So one is made that listens where nobody else
     * does, its descriptor is found by its address, and the listener's is put in its place. It is made non-blocking before,
     * as the listener is: the JDK then never touches the flag of the shared socket.
     */
    private static ServerSocketChannel adopt(Listener listener) throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open();
        try {
            channel.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
            channel.configureBlocking(false);
            int own = Sockets.listenerAt((InetSocketAddress) channel.getLocalAddress());
            int duplicate = listener.duplicate();
            try {
                Descriptors.replaceCloseOnExec(own, duplicate);
            } finally {
                Descriptors.close(duplicate);
            }
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Lets {@link #accept()} go on. Does nothing once closed. */
    public void resume() {
        lock.lock();
        try {
            if (state == State.PARKED) {
                state = State.ACCEPTING;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Stops accepting.
     *
     * @return completes when no accept(2) is running or can begin and the callback has returned for every connection. A
     *     callback that does not return keeps it open
     */
    public CompletableFuture<Void> park() {
        CompletableFuture<Void> parked = new CompletableFuture<>();
        lock.lock();
        try {
            if (state == State.ACCEPTING) {
                state = State.PARKED;
            }
            if (!inside) {
                parked.complete(null);
            } else {
                parking.add(parked);
                selector.wakeup();
            }
            return parked;
        } finally {
            lock.unlock();
        }
    }

    /**
     * The next connection; waits for it, and while this channel is parked.
     *
     * @throws ClosedChannelException if this channel is closed, before or meanwhile
     * @throws ClosedByInterruptException if the thread is interrupted, before or meanwhile; this channel is then closed
     * @throws IOException if the kernel refuses, for want of descriptors for instance
     */
    @Override
    public SocketChannel accept() throws IOException {
        turn.lock();
        try {
            while (true) {
                enter();
                try {
                    SocketChannel connection = channel.accept();
                    if (connection != null) {
                        handOver(connection);
                        return connection;
                    }
                    selector.select();
                    selector.selectedKeys().clear();
                } finally {
                    leave();
                }
            }
        } finally {
            turn.unlock();
        }
    }

    private void handOver(SocketChannel connection) throws IOException {
        try {
            onAccept.accept(connection);
        } catch (RuntimeException | Error e) {
            connection.close();
            throw e;
        }
    }

    private void enter() throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        lock.lock();
        try {
            while (state == State.PARKED) {
                changed.await();
            }
            if (state == State.CLOSED) {
                throw new AsynchronousCloseException();
            }
            inside = true;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
        if (Thread.currentThread().isInterrupted()) {
            leave();
            close();
            throw new ClosedByInterruptException();
        }
    }

    private void leave() throws IOException {
        List<CompletableFuture<Void>> parked;
        boolean closed;
        lock.lock();
        try {
            closed = inside && state == State.CLOSED;
            inside = false;
            parked = List.copyOf(parking);
            parking.clear();
        } finally {
            lock.unlock();
        }
        if (closed) {
            free();
        }
        parked.forEach(each -> each.complete(null));
    }

    @Override
    protected void implCloseSelectableChannel() throws IOException {
        boolean last;
        lock.lock();
        try {
            state = State.CLOSED;
            changed.signalAll();
            last = !inside;
        } finally {
            lock.unlock();
        }
        if (last) {
            free();
        } else {
            selector.wakeup(); // Whoever is inside frees what it uses when it leaves.
        }
    }

    /** Takes the descriptor out of the epoll set first: closed in it, it would leave events behind (epoll(7)). */
    private void free() throws IOException {
        try (channel;
                selector) {
            key.cancel();
            selector.selectNow();
        }
    }

    @Override
    protected void implConfigureBlocking(boolean block) {
        // The flag is the listener's, not ours: see above.
    }

    /** The listener's, as it is bound. */
    @Override
    public SocketAddress getLocalAddress() throws ClosedChannelException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        return listener.localAddress();
    }

    /** @throws AlreadyBoundException always */
    @Override
    public ServerSocketChannel bind(SocketAddress local, int backlog) {
        throw new AlreadyBoundException();
    }

    /** Sets the option for every generation, because they share the socket. */
    @Override
    public <T> ServerSocketChannel setOption(SocketOption<T> name, T value) throws IOException {
        channel.setOption(name, value);
        return this;
    }

    @Override
    public <T> T getOption(SocketOption<T> name) throws IOException {
        return channel.getOption(name);
    }

    @Override
    public Set<SocketOption<?>> supportedOptions() {
        return channel.supportedOptions();
    }

    /** A view of this channel that tells the address and accepts. */
    @Override
    public ServerSocket socket() {
        return ListenerServerSocket.of(this, (InetSocketAddress) listener.localAddress());
    }

    @Override
    public String toString() {
        return "ListenerChannel[" + listener.address().key() + "]";
    }
}
