package dev.baton.system;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;

/** The clients of a server that knows nothing of Baton. They never send a request again. */
interface UnmodifiedClients {
    /** How long a client on a persistent connection thinks before its next request. */
    Duration THINK_TIME = Duration.ofMillis(5);

    /**
     * Starts some.
     *
     * @param fresh whether each request has a connection of its own; else connections are persistent
     */
    Load start(InetSocketAddress address, boolean fresh, int connections);

    /** Sends one request that takes three seconds. */
    SlowRequest slow(InetSocketAddress address) throws IOException;

    /** Clients that send one request after the other. */
    interface Load extends AutoCloseable {
        /** Waits until this many requests more than now have been answered. */
        void awaitAnswers(long more) throws InterruptedException;

        /** Begins no more requests, and waits for those that are outstanding. */
        Report stop() throws InterruptedException;

        @Override
        void close();
    }

    /** A request that is outstanding. */
    interface SlowRequest extends AutoCloseable {
        /** The pid of the process that answers. */
        int answerer() throws IOException;

        @Override
        void close() throws IOException;
    }

    /**
     * What clients have seen.
     *
     * @param requests that ended
     * @param failed of these
     * @param lastAnswers when each process gave its last answer, as {@link System#nanoTime()}, by its pid
     * @param detail all of it, for the message of a failed assertion
     */
    record Report(long requests, long failed, Map<Integer, Long> lastAnswers, String detail) {}
}
