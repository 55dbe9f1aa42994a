package dev.baton.http;

import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.baton.Baton;
import dev.baton.ListenAddress;
import dev.baton.ListenException;
import dev.baton.Listener;
import dev.baton.Listeners;
import dev.baton.drain.Connections;
import dev.baton.drain.Conversations;
import dev.baton.drain.DrainOptions;
import dev.baton.drain.DrainReason;
import dev.baton.drain.ServerClosedException;
import dev.baton.drain.ShutdownResult;
import dev.baton.netty.NettyServer;
import io.netty.channel.ChannelHandler;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The JDK's {@link HttpServer} on Netty, on listeners that survive restarts.
 *
 * <p>If {@link Baton} was started in this process, listeners come from it and the server takes part in restarts by itself:
 * {@link #start()} lets it accept when this generation may. Otherwise it binds and accepts at once, as the JDK's does.
 *
 * <p>It keeps to the JDK's documentation, and beyond it:
 *
 * <ul>
 *   <li>Handlers run on a virtual thread each, unless {@link #setExecutor} says otherwise. An executor that runs them in
 *       the caller, as the JDK's own default does, gets virtual threads too.
 *   <li>Several addresses and Unix sockets: {@link #listen(ListenAddress)}. For a Unix socket the addresses of an exchange
 *       are the loopback address with port 0, because the API knows no others.
 *   <li>A handler that fails before anything of its response was sent gives 500; later, the connection is closed, so that
 *       the client sees that the response is cut. A handler may return and another thread complete the exchange.
 *   <li>{@code Expect: 100-continue}: the client is asked for the body when the handler first reads it, or announces
 *       success. A handler that refuses the request does not get the body sent.
 *   <li>Informational responses (1xx other than 101) can be sent before the final one.
 *   <li>Attributes belong to the exchange; those of the context are seen behind them.
 *   <li>To HEAD, a length that is given to {@code sendResponseHeaders} is announced, and the body thrown away.
 *   <li>Requests that an intermediary might read differently are answered 400 and the connection closed: both or several
 *       lengths, a bare line feed, folded header lines, a space before the colon, no {@code Host} or two, a target that
 *       begins with two slashes; {@code docs/http.md} has the whole list.
 *   <li>Limits: {@link HttpServerOptions}.
 * </ul>
 *
 * <p>Safe for use by any thread.
 */
public final class BatonHttpServer extends HttpServer {

    private enum State {
        NEW,
        STARTED,
        STOPPED
    }

    private final HttpServerOptions options;

    /** What contexts give as their server: this one, or the HTTPS server that this one does the work for. */
    private final HttpServer facade;

    /** Null for a server that does not speak TLS. */
    private final @Nullable TlsEngines tls;

    private final Contexts contexts = new Contexts();
    private final Connections connections;
    private final Conversations conversations;
    private final MovedWebSockets movedWebSockets;

    // Guarded by this, under which nobody waits.
    private final List<Listener> listeners = new ArrayList<>();
    private State state = State.NEW;
    private boolean bound;
    private @Nullable Executor executor;
    private @Nullable NettyServer transport;
    private @Nullable CompletableFuture<Void> stopsAccepting;

    private BatonHttpServer(HttpServerOptions options, DrainOptions drainOptions) {
        this.options = options;
        this.connections = new Connections(drainOptions);
        this.conversations = new Conversations(drainOptions);
        this.movedWebSockets = new MovedWebSockets(conversations);
        this.facade = this;
        this.tls = null;
    }

    /** Does the work for an HTTPS server. */
    BatonHttpServer(HttpServerOptions options, DrainOptions drainOptions, HttpServer facade, TlsEngines tls) {
        this.options = options;
        this.connections = new Connections(drainOptions);
        this.conversations = new Conversations(drainOptions);
        this.movedWebSockets = new MovedWebSockets(conversations);
        this.facade = facade;
        this.tls = tls;
    }

    /** A server with the default options and no listener yet. */
    public static BatonHttpServer create() {
        return create(HttpServerOptions.defaults());
    }

    /** A server with no listener yet. */
    public static BatonHttpServer create(HttpServerOptions options) {
        return create(options, DrainOptions.defaults());
    }

    /** A server with no listener yet; the second options say how its connections end. */
    public static BatonHttpServer create(HttpServerOptions options, DrainOptions drainOptions) {
        return new BatonHttpServer(Objects.requireNonNull(options), Objects.requireNonNull(drainOptions));
    }

    /** A server with the default options that listens on this address when it is started. */
    public static BatonHttpServer create(ListenAddress address) throws IOException {
        BatonHttpServer server = create();
        server.listen(address);
        return server;
    }

    /** As {@link HttpServer#create(InetSocketAddress, int)}, whatever the installed provider is. */
    public static BatonHttpServer create(@Nullable InetSocketAddress address, int backlog) throws IOException {
        BatonHttpServer server = create();
        if (address != null) {
            server.bind(address, backlog);
        }
        return server;
    }

    /** As {@link HttpServer#create(InetSocketAddress, int, String, HttpHandler, Filter...)}. */
    public static BatonHttpServer create(
            @Nullable InetSocketAddress address, int backlog, String path, HttpHandler handler, Filter... filters)
            throws IOException {
        List<Filter> chain = List.of(filters);
        Objects.requireNonNull(path);
        Objects.requireNonNull(handler);
        BatonHttpServer server = create(address, backlog);
        server.createContext(path, handler).getFilters().addAll(chain);
        return server;
    }

    /**
     * {@inheritDoc}
     *
     * @throws BindException also if the server was bound by an earlier call
     */
    @Override
    public void bind(InetSocketAddress address, int backlog) throws IOException {
        Objects.requireNonNull(address, "address");
        synchronized (this) {
            if (bound) {
                throw new BindException("the server is already bound");
            }
            try {
                add(ListenAddress.tcp(address), backlog);
            } catch (ListenException e) {
                throw (IOException) new BindException(e.getMessage()).initCause(e);
            }
            bound = true;
        }
    }

    /**
     * Listens on one more address.
     *
     * @return the listener, which the server closes when it stops
     * @throws ListenException if the address cannot be had
     * @throws IllegalStateException if the server was started; {@link ServerClosedException} after its end
     */
    public Listener listen(ListenAddress address) throws IOException {
        Objects.requireNonNull(address, "address");
        synchronized (this) {
            return add(address, 0);
        }
    }

    private Listener add(ListenAddress address, int backlog) throws IOException {
        requireNew("be bound");
        Baton baton = Baton.current().orElse(null);
        Listener listener = baton == null ? Listeners.bind(address, backlog) : baton.listen(address, backlog);
        listeners.add(listener);
        return listener;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException if it has no listener, was started before, or this generation has ended
     * @throws ServerClosedException after {@link #stop}, {@link #shutdown} or {@link #close()}
     */
    @Override
    public void start() {
        NettyServer started;
        synchronized (this) {
            requireNew("be started");
            if (listeners.isEmpty()) {
                throw new IllegalStateException("the server cannot be started: it is not bound to an address");
            }
            started = transport(new Dispatcher(contexts, options, handlerExecutor()));
            transport = started;
            state = State.STARTED;
        }
        Baton.current()
                .ifPresentOrElse(
                        baton -> join(baton, participant()),
                        () -> started.resume().join());
    }

    /** As Baton knows it, once it was started. */
    synchronized ServerParticipant participant() {
        return new ServerParticipant(Objects.requireNonNull(transport, "not started"), conversations);
    }

    private void join(Baton baton, ServerParticipant server) {
        if (baton.state() == dev.baton.State.STARTING && baton.generation() > 1) {
            warmUp(server.server(), options.warmUp());
        }
        try {
            baton.join(server);
        } catch (IllegalStateException e) {
            server.close();
            throw e;
        }
    }

    private static void warmUp(NettyServer server, WarmUp warmUp) {
        if (warmUp.requests() == 0) {
            return;
        }
        boolean ours = warmUp.paths().isEmpty();
        var _ = Rehearsal.run(ours ? warmUp : WarmUp.defaults());
        if (!ours) {
            var _ = WarmUpClient.run(server, warmUp);
        }
    }

    private Executor handlerExecutor() {
        return executor == null ? Thread::startVirtualThread : executor;
    }

    private NettyServer transport(Dispatcher dispatcher) {
        HttpPipeline http = new HttpPipeline(dispatcher);
        ChannelHandler pipeline = tls == null ? http : new TlsPipeline(tls, options.handshakeTimeout(), http);
        if (options.proxyProtocol()) {
            pipeline = new ProxyPipeline(options.headTimeout(), pipeline);
        }
        NettyServer.Builder builder = NettyServer.builder()
                .connections(connections)
                .childHandler(pipeline)
                .adopts(tls == null ? http.adopters(pipeline) : Map.of());
        if (tls == null) {
            builder.restores(WebSocketMove.PROTOCOL, movedWebSockets);
        }
        listeners.forEach(builder::listener);
        try {
            return builder.build();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void requireNew(String wish) {
        switch (state) {
            case NEW -> {}
            case STARTED -> throw new IllegalStateException("the server cannot " + wish + ": it was started");
            case STOPPED -> throw new ServerClosedException(wish);
        }
    }

    synchronized void requireNotStarted() {
        if (state == State.STARTED) {
            throw new IllegalStateException("the server was started");
        }
    }

    @Override
    public synchronized void setExecutor(@Nullable Executor executor) {
        requireNotStarted();
        this.executor = executor;
    }

    @Override
    public synchronized @Nullable Executor getExecutor() {
        return executor;
    }

    /**
     * {@inheritDoc}
     *
     * <p>This is {@link #shutdown} that does not wait for connections on which no request is being served, then
     * {@link #close()}; how many requests that has cut is logged. For WebSockets, hijacked connections and event streams it
     * waits too.
     */
    @Override
    public void stop(int delay) {
        if (delay < 0) {
            throw new IllegalArgumentException("the delay must not be negative: " + delay);
        }
        long deadline = System.nanoTime() + Duration.ofSeconds(delay).toNanos();
        connections.announceShutdown();
        stopAccepting().join();
        var _ = conversations.drain(DrainReason.STOPPED);
        ActiveConnections.awaitNone(connections, Duration.ofSeconds(delay));
        awaitConversations(deadline);
        int cut = close();
        if (cut > 0) {
            Log.requestsCut(cut, delay);
        }
    }

    /**
     * Stops accepting, then finishes every connection, as Go's {@code Server.Shutdown}; final. See
     * {@link Connections#shutdown}.
     *
     * <p>Does not block. Responses tell their clients from now on that the connection closes. WebSockets, hijacked
     * connections and event streams are told to end; as in Go, hijacked ones are not waited for, and neither are WebSockets:
     * {@link #conversations()} knows when they have ended. The listeners are given up,
     * for the generations that follow too: to let a successor have them, end the process through {@link Baton}. When the
     * future has completed, {@link #close()} ends the server's threads; after a deadline, it ends what is still open, if
     * the caller so chooses.
     */
    public CompletableFuture<ShutdownResult> shutdown(Duration deadline) {
        Objects.requireNonNull(deadline, "deadline");
        connections.announceShutdown();
        return stopAccepting().thenCompose(_ -> {
            var _ = conversations.drain(DrainReason.STOPPED);
            return connections.shutdown(deadline);
        });
    }

    /**
     * Closes every connection now, as Go's {@code Server.Close}, and unlike that hijacked ones and WebSockets too, because
     * the threads end that serve them; how many is logged. Final. Without a shutdown before it the listeners are given up
     * here.
     *
     * @return how many requests that has cut short
     */
    public int close() {
        stopAccepting().join();
        NettyServer running;
        synchronized (this) {
            running = transport;
        }
        var _ = ServerParticipant.cut(conversations);
        return running == null ? connections.close() : running.close();
    }

    /** Completes when no connection will be accepted any more and the listeners are closed; begun once. */
    private CompletableFuture<Void> stopAccepting() {
        NettyServer running;
        List<Listener> open;
        CompletableFuture<Void> stopped = new CompletableFuture<>();
        synchronized (this) {
            if (stopsAccepting != null) {
                return stopsAccepting.copy();
            }
            stopsAccepting = stopped;
            running = transport;
            open = List.copyOf(listeners);
            listeners.clear();
            state = State.STOPPED;
        }
        if (running == null) {
            giveUp(open, stopped);
        } else {
            // It fails if Baton has closed the server already, which comes to the same.
            var _ = running.park().whenComplete((_, _) -> {
                running.release();
                // Done after the release in the same event loop.
                var _ = running.park().whenComplete((_, _) -> giveUp(open, stopped));
            });
        }
        return stopped.copy();
    }

    private static void giveUp(List<Listener> listeners, CompletableFuture<Void> stopped) {
        try {
            if (!isSucceeded()) {
                listeners.forEach(Listener::close);
            }
            stopped.complete(null);
        } catch (RuntimeException e) {
            stopped.completeExceptionally(e);
        }
    }

    private void awaitConversations(long deadline) {
        try {
            conversations
                    .drain(DrainReason.STOPPED)
                    .get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            // The rest is cut, and the log says how many.
        }
    }

    /** Whether the listeners are another generation's by now, so that closing them would be its end. */
    private static boolean isSucceeded() {
        return Baton.current()
                .map(Baton::state)
                .filter(dev.baton.State.PARKED::equals)
                .isPresent();
    }

    /**
     * WebSockets of the process before this one go on here at a restart, if their
     * {@linkplain WebSocketOptions#migration() migration} has the same name there. Without TLS only.
     *
     * @throws IllegalArgumentException if the options have no migration, or one with the name of another
     * @throws IllegalStateException if the server was started
     */
    public void adoptWebSockets(WebSocketOptions options) {
        synchronized (this) {
            requireNew("adopt WebSockets");
            movedWebSockets.add(options);
        }
    }

    @Override
    public HttpContext createContext(String path, HttpHandler handler) {
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(handler, "handler");
        return contexts.add(new Context(path, handler, facade));
    }

    @Override
    public HttpContext createContext(String path) {
        Objects.requireNonNull(path, "path");
        return contexts.add(new Context(path, null, facade));
    }

    @Override
    public void removeContext(String path) {
        contexts.remove(Objects.requireNonNull(path, "path"));
    }

    @Override
    public void removeContext(HttpContext context) {
        contexts.remove(Objects.requireNonNull(context, "context"));
    }

    /** The first internet address on which the server listens, with its port; null if there is none. */
    @Override
    public @Nullable InetSocketAddress getAddress() {
        for (SocketAddress address : addresses()) {
            if (address instanceof InetSocketAddress inet) {
                return inet;
            }
        }
        return null;
    }

    /** All addresses on which the server listens, as they are bound; none after {@link #stop}. */
    public synchronized List<SocketAddress> addresses() {
        return listeners.stream().map(Listener::localAddress).toList();
    }

    /** The connections with their states; for callbacks at shutdown too. */
    public Connections connections() {
        return connections;
    }

    /** Those of the server of an exchange; empty if it is not one of ours. */
    static Optional<Conversations> conversationsOf(HttpExchange exchange) {
        return switch (exchange.getHttpContext().getServer()) {
            case BatonHttpServer http -> Optional.of(http.conversations);
            case BatonHttpsServer https -> Optional.of(https.conversations());
            default -> Optional.empty();
        };
    }

    /** What has no end of its own: WebSockets, hijacked connections, event streams. */
    public Conversations conversations() {
        return conversations;
    }
}
