package dev.baton.http;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsServer;
import com.sun.net.httpserver.spi.HttpServerProvider;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Gives programs that call {@link HttpServer#create} a {@link BatonHttpServer}, and those that call
 * {@link HttpsServer#create} a {@link BatonHttpsServer}.
 *
 * <p>It is in force when this module is on the module path or the class path of the program, the first there that
 * provides such a service, or named by
 * {@code -Dcom.sun.net.httpserver.HttpServerProvider=dev.baton.http.BatonHttpServerProvider}. See
 * {@link HttpServerProvider#provider()}.
 */
public final class BatonHttpServerProvider extends HttpServerProvider {
    /** Programs that were written for the JDK's server may have clients that send no Host, which it lets pass. */
    private static final HttpServerOptions AS_BEFORE =
            HttpServerOptions.builder().requireHost(false).build();

    /** For the JDK. */
    public BatonHttpServerProvider() {}

    @Override
    public HttpServer createHttpServer(@Nullable InetSocketAddress address, int backlog) throws IOException {
        BatonHttpServer server = BatonHttpServer.create(AS_BEFORE);
        if (address != null) {
            server.bind(address, backlog);
        }
        return server;
    }

    @Override
    public HttpsServer createHttpsServer(@Nullable InetSocketAddress address, int backlog) throws IOException {
        BatonHttpsServer server = BatonHttpsServer.create(AS_BEFORE);
        if (address != null) {
            server.bind(address, backlog);
        }
        return server;
    }
}
