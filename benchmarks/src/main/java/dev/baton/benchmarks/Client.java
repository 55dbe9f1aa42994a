package dev.baton.benchmarks;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;

/** What sends requests, in a process of its own. */
sealed interface Client extends AutoCloseable permits WrkClient, TestkitClient {
    /** Drives a server for this long, over connections that are kept, each with one request outstanding. */
    Sample drive(InetSocketAddress address, int connections, Duration duration)
            throws IOException, InterruptedException;

    @Override
    void close() throws IOException;

    /**
     * What came of it.
     *
     * @param answered requests that were answered
     * @param failed requests that were not, or with something else than expected
     * @param time how long it took
     */
    record Sample(long answered, long failed, Duration time) {
        double rate() {
            return answered / (time.toNanos() / 1e9);
        }
    }
}
