package dev.baton.http;

import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.baton.ListenAddress;
import dev.baton.Listener;
import dev.baton.drain.Connections;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The JDK's {@link HttpsServer} on Netty, on listeners that survive restarts: a {@link BatonHttpServer} whose connections
 * speak TLS, on every address.
 *
 * <p>The JDK's engine is used, with the {@code SSLContext} of the {@link HttpsConfigurator}, which is asked to configure each
 * connection before its handshake, in the connection's event loop: it must not block. Handlers get an
 * {@link com.sun.net.httpserver.HttpsExchange}.
 *
 * <p>A connection that is in its handshake when a restart switches finishes it and has its request served. Every
 * connection ends with a close_notify, unless its client no longer reads or its response was cut where only a reset tells.
 * A client that sends a close_notify and reads on is answered with TLS 1.3; with TLS 1.2 its close_notify ends the
 * connection (RFC 5246, section 7.2.1).
 *
 * <p>Sessions cannot be resumed with another generation, because the JDK keeps the keys of its session tickets to itself:
 * after a restart clients make one full handshake each.
 *
 * <p>Safe for use by any thread.
 */
public final class BatonHttpsServer extends HttpsServer {
    private final ConfiguredEngines engines = new ConfiguredEngines();
    private final BatonHttpServer http;

    private BatonHttpsServer(HttpServerOptions options) {
        http = new BatonHttpServer(options, this, engines);
    }

    /** A server with the default options and no listener yet. */
    public static BatonHttpsServer create() {
        return create(HttpServerOptions.defaults());
    }

    /** A server with no listener yet. */
    public static BatonHttpsServer create(HttpServerOptions options) {
        return new BatonHttpsServer(Objects.requireNonNull(options));
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException if the server was started
     */
    @Override
    public void setHttpsConfigurator(HttpsConfigurator configurator) {
        Objects.requireNonNull(configurator, "configurator");
        http.requireNotStarted();
        engines.configurator(configurator);
    }

    @Override
    public @Nullable HttpsConfigurator getHttpsConfigurator() {
        return engines.configurator();
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
     * @throws IllegalStateException as {@link BatonHttpServer#start}, and if it has no configurator
     */
    @Override
    public void start() {
        if (engines.configurator() == null) {
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
}
