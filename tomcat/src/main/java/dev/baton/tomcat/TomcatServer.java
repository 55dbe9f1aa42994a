package dev.baton.tomcat;

import dev.baton.Listener;
import dev.baton.Participant;
import dev.baton.drain.Connections;
import dev.baton.drain.DrainOptions;
import dev.baton.drain.DrainResult;
import dev.baton.drain.ShutdownResult;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.apache.catalina.connector.Connector;

/**
 * A connector of Tomcat's that takes part in restarts.
 *
 * <p>It is parked at first: {@link #resume()} makes it accept. Tomcat itself stays the program's: it is started before the
 * server joins Baton, and stopped when {@code Baton.awaitExit()} has returned.
 *
 * <p>During a drain Tomcat is neither paused nor stopped, so that no request is answered 503; responses say
 * {@code Connection: close} instead, and idle connections end as their {@linkplain DrainOptions#idlePolicy() policy} says
 * ({@code MIGRATE} means {@code CLOSE_AFTER_RESPONSE}). HTTP/2 connections get GOAWAY; WebSockets and other upgraded
 * connections are the application's, and not waited for. docs/tomcat.md has the details.
 *
 * <p>Safe for use by any thread; no method waits.
 */
public final class TomcatServer implements Participant {
    private static final Logger LOGGER = System.getLogger("dev.baton.tomcat");

    private final BatonHttp11Protocol protocol;
    private final BatonEndpoint endpoint;
    private final Listener listener;
    private final Connections connections;

    TomcatServer(BatonHttp11Protocol protocol, BatonEndpoint endpoint, Listener listener, Connections connections) {
        this.protocol = protocol;
        this.endpoint = endpoint;
        this.listener = listener;
        this.connections = connections;
    }

    /** As {@link #on(Listener, DrainOptions)}, with the default options. */
    public static TomcatServer on(Listener listener) {
        return on(listener, DrainOptions.defaults());
    }

    /**
     * A server with a protocol of its own on this listener, for one connector.
     *
     * @throws IllegalArgumentException if the listener is not one of TCP
     */
    public static TomcatServer on(Listener listener, DrainOptions options) {
        return new BatonHttp11Protocol().serve(listener, options);
    }

    /** A connector with this server's protocol; a server is for one of them. */
    public Connector connector() {
        return new Connector(protocol);
    }

    /** Tomcat's side, for settings such as time-outs. */
    public BatonHttp11Protocol protocol() {
        return protocol;
    }

    /** The registry: snapshots, state listeners, shutdown callbacks. */
    public Connections connections() {
        return connections;
    }

    /**
     * Accepts, or accepts again after {@link #park()}; undoes a {@link #drain}.
     *
     * @return fails with {@link dev.baton.drain.ServerClosedException} after {@link #shutdown} or {@link #close()}, and
     *     with {@link IllegalStateException} if Tomcat was not started
     */
    @Override
    public CompletableFuture<Void> resume() {
        try {
            connections.resume();
            endpoint.beginAccepting();
            return CompletableFuture.completedFuture(null);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public CompletableFuture<Void> park() {
        return endpoint.park();
    }

    @Override
    public void release() {
        try {
            endpoint.release();
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "The descriptor of " + listener.address() + " was not closed.", e);
        }
    }

    @Override
    public CompletableFuture<Void> drain(DrainReason reason) {
        CompletableFuture<DrainResult> drained;
        try {
            drained = connections.drain(
                    switch (reason) {
                        case SUCCEEDED -> dev.baton.drain.DrainReason.SUCCEEDED;
                        case STOPPED -> dev.baton.drain.DrainReason.STOPPED;
                    });
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
        return drained.thenAccept(how -> {
            if (how == DrainResult.RESUMED) {
                throw new CancellationException("the drain was undone");
            }
        });
    }

    /**
     * Stops for good without a successor, as Go's {@code Server.Shutdown}: closes the listener, then finishes every
     * connection. After it, {@link #close()} and Tomcat's own stop free the rest.
     */
    public CompletableFuture<ShutdownResult> shutdown(Duration deadline) {
        connections.announceShutdown();
        return park().thenCompose(_ -> {
            release();
            listener.close();
            return connections.shutdown(deadline);
        });
    }

    /** Closes every connection and this server's descriptor of the listener. Tomcat's threads end when it is stopped. */
    @Override
    public int close() {
        int cut = connections.close();
        release();
        return cut;
    }
}
