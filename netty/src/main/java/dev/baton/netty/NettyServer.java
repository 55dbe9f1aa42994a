package dev.baton.netty;

import dev.baton.ListenAddress;
import dev.baton.Listener;
import dev.baton.Listeners;
import dev.baton.MigratingParticipant;
import dev.baton.Migration;
import dev.baton.drain.Connections;
import dev.baton.drain.DrainOptions;
import dev.baton.drain.DrainResult;
import dev.baton.drain.IdlePolicy;
import dev.baton.drain.ServerClosedException;
import dev.baton.drain.ShutdownResult;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.netty.util.concurrent.PromiseCombiner;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Serves any Netty pipeline on listeners that survive restarts.
 *
 * <p>The server is parked at first: {@link #resume()} makes it accept. Its channels are Netty's epoll channels, for TCP
 * and for Unix sockets; its event loop threads are its own, keep the process alive while the server lives, and end with
 * {@link #close()} without a quiet period.
 *
 * <p>Safe for use by any thread; no method waits.
 */
public final class NettyServer implements MigratingParticipant {
    private final Connections connections;
    private final EventLoops loops;
    private final List<Acceptor> acceptors;
    private final Migrator migrator;
    private final Adopter adopter;

    /** For connections of this process with itself. */
    private final ChildSetup privately;

    private final Connections privateConnections = new Connections(DrainOptions.defaults());

    private NettyServer(Builder builder, ChannelHandler childHandler) throws IOException {
        connections =
                Objects.requireNonNullElseGet(builder.connections, () -> new Connections(DrainOptions.defaults()));
        loops = new EventLoops(builder.threads, builder.threadFactory);
        migrator = new Migrator(connections.options().idlePolicy());
        acceptors = new ArrayList<>();
        Map<ListenAddress, ChildSetup> setups = new LinkedHashMap<>();
        try {
            for (Listener listener : builder.listeners) {
                ChildSetup setup = new ChildSetup(
                        loops.of(listener.address(), migrator), childHandler, Map.copyOf(builder.childOptions));
                setups.put(listener.address(), setup);
                acceptors.add(new Acceptor(ListenerChannels.open(listener), loops.accepting(), connections, setup));
            }
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
        adopter = new Adopter(setups, builder.adopters(childHandler), builder.restorers, connections);
        privately = new ChildSetup(
                loops.of(builder.listeners.getFirst().address(), new Migrator(IdlePolicy.CLOSE)),
                childHandler,
                Map.of());
    }

    /** A builder that holds the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** The registry: snapshots, state listeners, shutdown callbacks. */
    public Connections connections() {
        return connections;
    }

    /**
     * Connects this process with this server over a private pair of sockets: for requests to itself before it accepts. The
     * server's end takes the way of a connection that another process gives. Neither the registry nor the counts know it, and
     * {@link #close()} closes it.
     *
     * @param client is added to the pipeline of the client's end
     * @return the client's end, of which the caller has to close; empty if the server adopts no connections of HTTP/1.1
     * @throws IOException if no descriptor is left
     */
    public Optional<Channel> connectPrivately(ChannelHandler client) throws IOException {
        int[] pair = Listeners.connectedPair();
        Channel ours = new EpollDomainSocketChannel(pair[0]);
        Channel theirs = new EpollDomainSocketChannel(pair[1]);
        Optional<Adoption> adoption = adopter.adoptPrivately(theirs, privately, privateConnections);
        if (adoption.isEmpty()) {
            ours.unsafe().closeForcibly();
            theirs.unsafe().closeForcibly();
            return Optional.empty();
        }
        adoption.get().begin();
        ours.pipeline().addLast(client);
        privately.loops().get().loop().register(ours).syncUninterruptibly();
        return Optional.of(ours);
    }

    /**
     * Accepts, or accepts again after {@link #park()}; undoes a {@link #drain}.
     *
     * @return completes when every listener is watched; fails with {@link ServerClosedException} after
     *     {@link #shutdown} or {@link #close()}
     */
    @Override
    public CompletableFuture<Void> resume() {
        migrator.close();
        try {
            connections.resume();
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
        return ofEachAcceptor(Acceptor::resume);
    }

    /** Stops accepting. Connections and the listeners' descriptors stay as they are. */
    @Override
    public CompletableFuture<Void> park() {
        return ofEachAcceptor(Acceptor::park);
    }

    /**
     * Finishes every connection; see {@link Connections#drain}.
     *
     * @return completes with the last connection; cancelled by {@link #resume()}
     */
    @Override
    public CompletableFuture<Void> drain(DrainReason reason) {
        CompletableFuture<DrainResult> drained;
        // Before the loops hear of it, and count.
        MigrationCounts before = migrator.counts();
        try {
            drained = connections.drain(
                    switch (reason) {
                        case SUCCEEDED -> dev.baton.drain.DrainReason.SUCCEEDED;
                        case STOPPED -> dev.baton.drain.DrainReason.STOPPED;
                    });
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
        CompletableFuture<Void> result = new CompletableFuture<>();
        var _ = drained.thenAccept(how -> {
            switch (how) {
                case COMPLETED -> {
                    MigrationCounts inDrain = migrator.counts().since(before);
                    if (inDrain.moved() + inDrain.stayed() > 0) {
                        ServerLog.migrated(inDrain);
                    }
                    result.complete(null);
                }
                case RESUMED -> result.completeExceptionally(new CancellationException("the drain was undone"));
            }
        });
        return result;
    }

    /**
     * Lets connections move: HTTP/1.1 without TLS, and connections that have sent nothing yet, if the
     * {@linkplain DrainOptions#idlePolicy() policy} is {@link dev.baton.drain.IdlePolicy#MIGRATE}.
     */
    @Override
    public void migrate(Migration migration) {
        migrator.open(migration);
    }

    /** {@inheritDoc} */
    @Override
    public Optional<Adoption> adopt(ListenAddress listener, int descriptor, byte[] state) {
        return adopter.adopt(listener, descriptor, state);
    }

    /** How many connections have moved. */
    public MigrationCounts migrated() {
        return migrator.counts();
    }

    /** Closes this server's descriptors of its listeners; it cannot accept again. Connections stay as they are. */
    @Override
    public void release() {
        inAcceptLoop(() -> acceptors.forEach(Acceptor::close));
    }

    private void inAcceptLoop(Runnable task) {
        try {
            loops.accepting().execute(task);
        } catch (RejectedExecutionException _) {
            // Closed before.
        }
    }

    /**
     * Stops for good, as Go's {@code Server.Shutdown}: parks, then finishes every connection. After it, {@link #close()}
     * frees the descriptors and the threads.
     */
    public CompletableFuture<ShutdownResult> shutdown(Duration deadline) {
        connections.announceShutdown();
        return park().thenCompose(_ -> connections.shutdown(deadline));
    }

    /**
     * Closes every connection, this server's descriptors of its listeners, and its event loops, which end on their own at
     * once. The listeners themselves stay open. A second call does nothing.
     */
    @Override
    public int close() {
        int cut = connections.close();
        var _ = privateConnections.close();
        // The serving loops end after the last accept, so that every connection has one to be registered with, and
        // closed in.
        inAcceptLoop(() -> {
            acceptors.forEach(Acceptor::close);
            loops.shutDown();
        });
        return cut;
    }

    /** Calls each acceptor in the accept loop; completes when all are done, with the first failure if there is one. */
    private CompletableFuture<Void> ofEachAcceptor(Function<Acceptor, Future<?>> call) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        EventLoop loop = loops.accepting();
        try {
            loop.execute(() -> {
                PromiseCombiner all = new PromiseCombiner(loop);
                for (Acceptor acceptor : acceptors) {
                    all.add(call.apply(acceptor));
                }
                Promise<Void> each = loop.newPromise();
                var _ = each.addListener(_ -> {
                    if (each.isSuccess()) {
                        done.complete(null);
                    } else {
                        done.completeExceptionally(each.cause());
                    }
                });
                all.finish(each);
            });
        } catch (RejectedExecutionException _) {
            done.completeExceptionally(new ServerClosedException("start or park"));
        }
        return done;
    }

    /** Collects what a server is made of. For one thread. */
    public static final class Builder {
        private final List<Listener> listeners = new ArrayList<>();
        private final Map<ChannelOption<?>, Object> childOptions = new LinkedHashMap<>();

        private final Map<String, ConnectionRestorer> restorers = new LinkedHashMap<>();

        @Nullable
        private Map<String, ChannelHandler> adopters;

        @Nullable
        private ChannelHandler childHandler;

        @Nullable
        private Connections connections;

        private ThreadFactory threadFactory = EventLoops.threads();

        private int threads = Runtime.getRuntime().availableProcessors();

        private Builder() {}

        /** A listener to accept from; at least one. It stays the caller's: the server works on a duplicate. */
        public Builder listener(Listener value) {
            listeners.add(value);
            return this;
        }

        /** What is added to the pipeline of every connection, usually a {@code ChannelInitializer}; must be sharable. */
        public Builder childHandler(ChannelHandler value) {
            childHandler = value;
            return this;
        }

        /**
         * What builds the pipelines of connections that come from another process: for each protocol that they may speak
         * there, which is a {@linkplain ConnectionProtocol#migratesAs() name} such as {@link Http1Connection#PROTOCOL} or
         * empty while nothing is known, a sharable handler. Connections of other protocols are left to the other process.
         *
         * <p>By default it is the {@linkplain #childHandler child handler} for those two and for
         * {@link ProxyHeader#PROTOCOL}. A child handler that begins with a {@link ProxyHeader} cannot go on with what is
         * behind it, and one that begins with TLS with nothing at all. What it begins with is only known when it has, and
         * then the connection is this process's, and is closed: say here what it can go on with.
         */
        public Builder adopts(Map<String, ChannelHandler> handlers) {
            adopters = Map.copyOf(handlers);
            return this;
        }

        /** The same for connections of one protocol, about each of which is decided by what has come with it. */
        public Builder restores(String protocol, ConnectionRestorer restorer) {
            restorers.put(protocol, restorer);
            return this;
        }

        private Map<String, ChannelHandler> adopters(ChannelHandler byDefault) {
            return adopters == null
                    ? Map.of("", byDefault, ProxyHeader.PROTOCOL, byDefault, Http1Connection.PROTOCOL, byDefault)
                    : adopters;
        }

        /** An option for every connection, as in {@code ServerBootstrap}. */
        public <T> Builder childOption(ChannelOption<T> option, T value) {
            childOptions.put(option, value);
            return this;
        }

        /** The registry for the connections; by default one of the server's own with {@link DrainOptions#defaults()}. */
        public Builder connections(Connections value) {
            connections = value;
            return this;
        }

        /** How many event loops serve connections; by default one for each processor. One more accepts. */
        public Builder threads(int value) {
            if (value < 1) {
                throw new IllegalArgumentException("threads must be at least 1, but is " + value);
            }
            threads = value;
            return this;
        }

        /** Makes the threads of the event loops that serve connections; no daemons by default, called {@code baton-io}. */
        public Builder threadFactory(ThreadFactory value) {
            threadFactory = value;
            return this;
        }

        /**
         * A parked server.
         *
         * @throws NativeTransportUnavailableException if Netty's epoll transport cannot be used
         * @throws IOException if a listener cannot be duplicated
         * @throws IllegalStateException if there is no listener or no child handler
         * @throws IllegalArgumentException if a listener is one of UDP
         */
        public NettyServer build() throws IOException {
            if (!Epoll.isAvailable()) {
                throw new NativeTransportUnavailableException(Epoll.unavailabilityCause());
            }
            if (listeners.isEmpty()) {
                throw new IllegalStateException("a server needs at least one listener");
            }
            if (childHandler == null) {
                throw new IllegalStateException("a server needs a child handler");
            }
            return new NettyServer(this, childHandler);
        }
    }
}
