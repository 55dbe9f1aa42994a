package dev.baton.http;

import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.baton.ListenAddress;
import dev.baton.Listener;
import dev.baton.drain.Connections;
import dev.baton.drain.Conversations;
import dev.baton.drain.DrainOptions;
import dev.baton.drain.ShutdownResult;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The JDK's {@link HttpsServer} on Netty, on listeners that survive restarts: a {@link BatonHttpServer} whose connections
 * speak TLS, on every address. Handlers get an {@link com.sun.net.httpserver.HttpsExchange}.
 *
 * <p>Its certificate comes from one of two places:
 *
 * <ul>
 *   <li>{@linkplain TlsOptions PEM files}. OpenSSL is used where it can be loaded, and clients resume their sessions with
 *       the next generation.
 *   <li>An {@link HttpsConfigurator}, as with the JDK's server. The JDK's engine is used, with the configurator's
 *       {@code SSLContext}; the configurator is asked about each connection before its handshake, in the connection's event
 *       loop: it must not block. Sessions cannot be resumed with another generation, because the JDK keeps the keys of its
 *       session tickets to itself: after a restart every client makes one full handshake.
 * </ul>
 *
 * <p>A connection that is in its handshake when a restart switches finishes it and has its request served. Every
 * connection ends with a close_notify, unless its client no longer reads or its response was cut where only a reset tells.
 * A client that sends a close_notify and reads on is answered by the JDK's engine with TLS 1.3; with TLS 1.2 (RFC 5246,
 * section 7.2.1), and by OpenSSL's, the connection is closed.
 *
 * <p>Safe for use by any thread.
 */
public final class BatonHttpsServer extends HttpsServer {
    private final TlsEngines engines;
    private final BatonHttpServer http;

    BatonHttpsServer(HttpServerOptions options, DrainOptions drainOptions, TlsEngines engines) {
        this.engines = engines;
        this.http = new BatonHttpServer(options, drainOptions, this, engines);
    }

    /** A server with the default options and no listener yet. */
    public static BatonHttpsServer create() {
        return create(HttpServerOptions.defaults());
    }

    /** A server with no listener yet. */
    public static BatonHttpsServer create(HttpServerOptions options) {
        return create(options, DrainOptions.defaults());
    }

    /** A server with no listener yet; the second options say how its connections end. */
    public static BatonHttpsServer create(HttpServerOptions options, DrainOptions drainOptions) {
        return new BatonHttpsServer(options, drainOptions, new ConfiguredEngines());
    }

    /** As {@link #create(HttpServerOptions, DrainOptions, TlsOptions)}, with {@link DrainOptions#defaults()}. */
    public static BatonHttpsServer create(HttpServerOptions options, TlsOptions tls) throws TlsException {
        return create(options, DrainOptions.defaults(), tls);
    }

    /**
     * A server that shows a certificate from files, with no listener yet.
     *
     * @throws TlsException if the files cannot be used: in a successor this is the moment to end, so that the restart fails
     *     and the parent serves on
     */
    public static BatonHttpsServer create(HttpServerOptions options, DrainOptions drainOptions, TlsOptions tls)
            throws TlsException {
        return new BatonHttpsServer(options, drainOptions, PemEngines.of(tls, options.http2()));
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException if the server was started, or has its certificate from files
     */
    @Override
    public void setHttpsConfigurator(HttpsConfigurator configurator) {
        Objects.requireNonNull(configurator, "configurator");
        http.requireNotStarted();
        switch (engines) {
            case ConfiguredEngines configured -> configured.configurator(configurator);
            case PemEngines _ -> throw new IllegalStateException("the server has its certificate from files");
        }
    }

    /** The configurator that was set; null if none was, or the server has its certificate from files. */
    @Override
    public @Nullable HttpsConfigurator getHttpsConfigurator() {
        return engines instanceof ConfiguredEngines configured ? configured.configurator() : null;
    }

    @Override
    public void bind(InetSocketAddress address, int backlog) throws IOException {
        http.bind(address, backlog);
    }

    /** As {@link BatonHttpServer#listen}. */
    public Listener listen(ListenAddress address) throws IOException {
        return http.listen(address);
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException as {@link BatonHttpServer#start}, and if it has neither configurator nor certificate
     */
    @Override
    public void start() {
        if (engines instanceof ConfiguredEngines configured && configured.configurator() == null) {
            throw new IllegalStateException("the server cannot be started: it has no HttpsConfigurator");
        }
        http.start();
    }

    @Override
    public void setExecutor(@Nullable Executor executor) {
        http.setExecutor(executor);
    }

    @Override
    public @Nullable Executor getExecutor() {
        return http.getExecutor();
    }

    /** As {@link BatonHttpServer#stop}. */
    @Override
    public void stop(int delay) {
        http.stop(delay);
        engines.close();
    }

    /** As {@link BatonHttpServer#shutdown}. */
    public CompletableFuture<ShutdownResult> shutdown(Duration deadline) {
        return http.shutdown(deadline);
    }

    /** As {@link BatonHttpServer#close}. */
    public int close() {
        int cut = http.close();
        engines.close();
        return cut;
    }

    @Override
    public HttpContext createContext(String path, HttpHandler handler) {
        return http.createContext(path, handler);
    }

    @Override
    public HttpContext createContext(String path) {
        return http.createContext(path);
    }

    @Override
    public void removeContext(String path) {
        http.removeContext(path);
    }

    @Override
    public void removeContext(HttpContext context) {
        http.removeContext(context);
    }

    /** As {@link BatonHttpServer#getAddress}. */
    @Override
    public @Nullable InetSocketAddress getAddress() {
        return http.getAddress();
    }

    /** All addresses on which the server listens, as they are bound; none after {@link #stop}. */
    public List<SocketAddress> addresses() {
        return http.addresses();
    }

    /** The connections with their states; for callbacks at shutdown too. */
    public Connections connections() {
        return http.connections();
    }

    /** As {@link BatonHttpServer#conversations}. */
    public Conversations conversations() {
        return http.conversations();
    }
}
