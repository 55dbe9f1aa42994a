package dev.baton;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A URL that a generation must keep answering with a status from 200 to 399.
 *
 * @param timeout for the whole answer
 */
record HealthUrl(URI address, Duration timeout) {

    /** Fetches it once, on a thread of its own: completes with what is wrong, never exceptionally. */
    CompletableFuture<Optional<String>> fetch() {
        CompletableFuture<Optional<String>> result = new CompletableFuture<>();
        Thread.ofVirtual().name("baton-health").start(() -> result.complete(fetchNow()));
        // The connection's own time-outs begin anew with each byte.
        return result.completeOnTimeout(
                Optional.of("does not answer " + address + " within " + Durations.format(timeout)),
                timeout.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    private Optional<String> fetchNow() {
        try {
            HttpURLConnection connection = (HttpURLConnection) address.toURL().openConnection(Proxy.NO_PROXY);
            connection.setConnectTimeout(Math.toIntExact(timeout.toMillis()));
            connection.setReadTimeout(Math.toIntExact(timeout.toMillis()));
            connection.setInstanceFollowRedirects(false);
            // A connection of its own each time: one that is kept alive could be an older generation's.
            connection.setRequestProperty("Connection", "close");
            int status = connection.getResponseCode();
            connection.disconnect();
            return status >= 200 && status < 400
                    ? Optional.empty()
                    : Optional.of("answers " + address + " with status " + status);
        } catch (IOException | RuntimeException e) {
            return Optional.of("does not answer " + address + " (" + e + ")");
        }
    }
}
