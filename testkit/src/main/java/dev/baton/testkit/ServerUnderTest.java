package dev.baton.testkit;

import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** A running server, as {@link GracefulServerContract} handles it; an adapter wraps the server's own. */
public interface ServerUnderTest {

    /** Where it listens. */
    SocketAddress address();

    /** Has the listener hear of every change of a connection from now on. */
    void onStateChange(StateListener listener);

    /** Has the callback run once when a shutdown begins. */
    void onShutdown(Runnable callback);

    /** The connections that are open, oldest first, without the hijacked ones. */
    List<OpenConnection> connections();

    /** Stops accepting, then finishes every connection, as Go's {@code Server.Shutdown}; does not block. */
    CompletionStage<ShutdownOutcome> shutdown(Duration deadline);

    /** Closes every connection now, but the hijacked ones; returns how many requests that has cut short. */
    int close();

    /** Frees what {@link #close()} leaves, such as threads; the contract calls it last of all. Does nothing by default. */
    default void end() throws Exception {}

    /** Tries to serve once more, with everything that it takes. The contract calls it only after the end. */
    void startAgain() throws Exception;

    /** Tries to listen on one more address. The contract calls it only after the end. */
    void listenAgain() throws Exception;

    /** What {@link #startAgain()} and {@link #listenAgain()} throw after the end, see {@link ServerCapability#TYPED_END}. */
    Class<? extends Exception> typeOfEnd();

    /** The states of Go's {@code net/http.ConnState}. */
    enum State {
        /** Accepted; no byte has come yet. */
        NEW,
        /** From the first byte of a request to the last byte of its response. */
        ACTIVE,
        /** Kept alive, with nothing outstanding. */
        IDLE,
        /** The application has taken the connection. Terminal. */
        HIJACKED,
        /** Terminal. */
        CLOSED
    }

    /** Hears of changes; those of one connection come in order. */
    @FunctionalInterface
    interface StateListener {
        /**
         * A connection has changed.
         *
         * @param connection whatever stands for the connection: the same object, or equal ones, for each of its changes
         * @param from for a new connection {@link State#NEW}, as {@code to}
         */
        void stateChanged(Object connection, State from, State to);
    }

    /** One open connection at one moment. */
    record OpenConnection(
            State state, SocketAddress peer, Duration age, long requestsServed, long bytesReceived, long bytesSent) {}

    /** How a shutdown ended. */
    sealed interface ShutdownOutcome {
        /** Every connection has ended; so many requests were cut short by a close meanwhile. */
        record Completed(int requestsCut) implements ShutdownOutcome {}

        /** The deadline has passed with these connections open. */
        record TimedOut(List<OpenConnection> open) implements ShutdownOutcome {
            public TimedOut {
                open = List.copyOf(open);
            }
        }
    }
}
