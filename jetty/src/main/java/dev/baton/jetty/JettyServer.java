package dev.baton.jetty;

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

/**
 * A connector of Jetty's as it takes part in restarts; see {@link BatonConnector#participant()}.
 *
 * <p>It is parked at first: {@link #resume()} makes it accept. Jetty itself stays the program's: it is started before the
 * connector joins Baton, and stopped when {@code Baton.awaitExit()} has returned.
 *
 * <p>During a drain Jetty is not shut down, so that no request is answered 503; responses say {@code Connection: close}
 * instead, and idle connections end as their {@linkplain DrainOptions#idlePolicy() policy} says ({@code MIGRATE} means
 * {@code CLOSE_AFTER_RESPONSE}). docs/jetty.md has the details.
 *
 * <p>Safe for use by any thread; no method waits.
 */
public final class JettyServer implements Participant {
    private static final Logger LOGGER = System.getLogger("dev.baton.jetty");

    private final BatonConnector connector;
    private final Listener listener;
    private final Connections connections;

    JettyServer(BatonConnector connector, Listener listener, Connections connections) {
        this.connector = connector;
        this.listener = listener;
        this.connections = connections;
    }

    /** The registry: snapshots, state listeners, shutdown callbacks. */
    public Connections connections() {
        return connections;
    }

    /**
     * Accepts, or accepts again after {@link #park()}; undoes a {@link #drain}.
     *
     * @return fails with {@link dev.baton.drain.ServerClosedException} after {@link #shutdown} or {@link #close()}, and
     *     with {@link IllegalStateException} if Jetty was not started
     */
    @Override
    public CompletableFuture<Void> resume() {
        try {
            connections.resume();
            connector.beginAccepting();
            return CompletableFuture.completedFuture(null);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public CompletableFuture<Void> park() {
        return connector.park();
    }

    @Override
    public void release() {
        try {
            connector.release();
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
     * connection. After it, {@link #close()} and Jetty's own stop free the rest.
     */
    public CompletableFuture<ShutdownResult> shutdown(Duration deadline) {
        connections.announceShutdown();
        return park().thenCompose(_ -> {
            release();
            listener.close();
            return connections.shutdown(deadline);
        });
    }

    /** Closes every connection and this server's descriptor of the listener. Jetty's threads end when it is stopped. */
    @Override
    public int close() {
        int cut = connections.close();
        release();
        return cut;
    }
}
