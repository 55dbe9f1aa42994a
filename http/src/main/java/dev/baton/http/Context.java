package dev.baton.http;

import com.sun.net.httpserver.Authenticator;
import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A path prefix with its handler, filters and authenticator. May be changed while requests are served. */
final class Context extends HttpContext {
    private final String path;
    private final HttpServer server;
    private final Map<String, Object> attributes = new ConcurrentHashMap<>();
    private final List<Filter> filters = new CopyOnWriteArrayList<>();
    private volatile @Nullable HttpHandler handler;
    private volatile @Nullable Authenticator authenticator;

    Context(String path, @Nullable HttpHandler handler, HttpServer server) {
        if (!path.startsWith("/")) {
            throw new IllegalArgumentException("the path of a context must begin with '/': '" + path + "'");
        }
        this.path = path;
        this.handler = handler;
        this.server = server;
    }

    /**
     * Runs filters, authenticator and handler, in this order: a filter sees requests that the authenticator then rejects,
     * as in the JDK's server.
     *
     * @param exchange ours, which keeps the principal
     * @param seen what filters and handler get: the same, or what makes an {@code HttpsExchange} of it
     */
    void handle(Exchange exchange, HttpExchange seen) throws IOException {
        HttpHandler last = Objects.requireNonNull(handler, "a context without a handler is never chosen");
        Authenticator guard = authenticator;
        HttpHandler guarded = guard == null ? last : e -> authenticate(guard, exchange, e, last);
        if (filters.isEmpty()) {
            guarded.handle(seen);
        } else {
            new Filter.Chain(filters, guarded).doFilter(seen);
        }
    }

    /**
     * @param exchange ours, which keeps the principal
     * @param seen what the filters pass on, which may be a wrapper of it
     */
    private static void authenticate(Authenticator guard, Exchange exchange, HttpExchange seen, HttpHandler next)
            throws IOException {
        switch (guard.authenticate(seen)) {
            case Authenticator.Success success -> {
                exchange.principal(success.getPrincipal());
                next.handle(seen);
            }
            case Authenticator.Retry retry -> seen.sendResponseHeaders(retry.getResponseCode(), -1);
            case Authenticator.Failure failure -> seen.sendResponseHeaders(failure.getResponseCode(), -1);
            case Authenticator.Result other -> throw new IOException("unknown result of the authenticator: " + other);
        }
    }

    @Override
    public @Nullable HttpHandler getHandler() {
        return handler;
    }

    @Override
    public void setHandler(HttpHandler handler) {
        Objects.requireNonNull(handler, "handler");
        if (this.handler != null) {
            throw new IllegalArgumentException("the context '" + path + "' has a handler already");
        }
        this.handler = handler;
    }

    @Override
    public String getPath() {
        return path;
    }

    @Override
    public HttpServer getServer() {
        return server;
    }

    @Override
    public Map<String, Object> getAttributes() {
        return attributes;
    }

    @Override
    public List<Filter> getFilters() {
        return filters;
    }

    @Override
    public @Nullable Authenticator setAuthenticator(@Nullable Authenticator authenticator) {
        Authenticator old = this.authenticator;
        this.authenticator = authenticator;
        return old;
    }

    @Override
    public @Nullable Authenticator getAuthenticator() {
        return authenticator;
    }
}
