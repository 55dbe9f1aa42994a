package dev.baton.tomcat;

import dev.baton.drain.ServerClosedException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.tomcat.util.net.Acceptor;

/**
 * The acceptor's thread. Tomcat's own closes a connection that it has accepted while the endpoint was paused or stopped;
 * this one serves each that it has accepted, and it is the channel that says when it may.
 */
final class ListenerAcceptor extends Acceptor<SocketChannel> {
    private static final Logger LOGGER = System.getLogger("dev.baton.tomcat");

    private final BatonEndpoint endpoint;
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean stopped;

    ListenerAcceptor(BatonEndpoint endpoint) {
        super(endpoint);
        this.endpoint = endpoint;
    }

    @Override
    public void run() {
        state = AcceptorState.RUNNING;
        int errorDelay = 0;
        try {
            while (!stopped) {
                endpoint.awaitRoom();
                try {
                    endpoint.acceptOne();
                    errorDelay = 0;
                } catch (ClosedChannelException _) {
                    endpoint.notAccepted();
                    return;
                } catch (ServerClosedException _) {
                    endpoint.notAccepted(); // Closed at the moment of the accept.
                } catch (IOException | RuntimeException | Error e) {
                    // Whatever it is: a server whose acceptor ends is deaf, and looks healthy.
                    endpoint.notAccepted();
                    LOGGER.log(Level.WARNING, "A connection was not accepted.", e);
                    errorDelay = handleExceptionWithDelay(errorDelay);
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            state = AcceptorState.ENDED;
            ended.countDown();
        }
    }

    @Override
    public void stopMillis(int waitMillis) {
        stopped = true;
        try {
            endpoint.closeChannel();
            if (waitMillis > 0 && !ended.await(waitMillis, TimeUnit.MILLISECONDS)) {
                LOGGER.log(Level.WARNING, "The acceptor has not ended within " + waitMillis + " ms.");
            }
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "The channel of the acceptor was not closed.", e);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
