package dev.baton.testkit;

import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * A number of strict HTTP/1.1 clients that drive one server.
 *
 * <p>A client has one request outstanding at a time. It never sends a request twice, empties its socket before it uses
 * it again (so that what then fails is a failure that no client could have avoided), checks every byte of every body,
 * and gives up a connection at the first failure. All clients run on one thread, which takes the requests in turn.
 *
 * <pre>{@code
 *   RunningLoad load = Load.of(address, Request.get("/", ExpectedBody.bytes(page)))
 *           .mode(LoadMode.persistent()).connections(64).start();
 *   ... restart the server ...
 *   LoadReport report = load.stop();
 * }</pre>
 *
 * A load is a description; each {@link #start()} runs it anew.
 */
public final class Load {
    /** The response header that names the generation, unless another one is set. */
    public static final String GENERATION_HEADER = "Baton-Generation";

    private final SocketAddress address;
    private final List<Request> requests;
    private LoadMode mode = LoadMode.newConnections();
    private int connections = 1;
    private Duration timeout = Duration.ofSeconds(10);
    private Duration patience = Duration.ofSeconds(1);
    private Duration pauseAfterFailure = Duration.ofMillis(10);
    private Duration duration = Duration.ofMinutes(10);
    private long maxRequests = Long.MAX_VALUE;
    private String generationHeader = GENERATION_HEADER;
    private @Nullable SSLContext tls;

    private Load(SocketAddress address, List<Request> requests) {
        this.address = Objects.requireNonNull(address);
        this.requests = List.copyOf(requests);
        if (requests.isEmpty()) {
            throw new IllegalArgumentException("a load needs a request");
        }
    }

    /**
     * Describes a load.
     *
     * @param address an {@link java.net.InetSocketAddress} or a {@link java.net.UnixDomainSocketAddress}
     * @param requests sent in turn; one that is listed twice is sent twice as often
     */
    public static Load of(SocketAddress address, List<Request> requests) {
        return new Load(address, requests);
    }

    /** Describes a load of one request. */
    public static Load of(SocketAddress address, Request request) {
        return new Load(address, List.of(request));
    }

    /** How connections are used; by default a new one for each request. */
    public Load mode(LoadMode value) {
        mode = Objects.requireNonNull(value);
        return this;
    }

    /** How many clients there are; by default 1. */
    public Load connections(int value) {
        connections = positive(value);
        return this;
    }

    /** How long a request may take, its connection included; by default 10 s. */
    public Load timeout(Duration value) {
        timeout = Objects.requireNonNull(value);
        return this;
    }

    /** From how long on an answer is reported among the {@link LoadReport#troubles()}; by default 1 s. */
    public Load patience(Duration value) {
        patience = Objects.requireNonNull(value);
        return this;
    }

    /** How long a client is silent after a failure, before it begins its next request; by default 10 ms. */
    public Load pauseAfterFailure(Duration value) {
        pauseAfterFailure = Objects.requireNonNull(value);
        return this;
    }

    /** After how long the load ends by itself; by default 10 min. Requests that have begun are awaited. */
    public Load duration(Duration value) {
        duration = Objects.requireNonNull(value);
        return this;
    }

    /** After how many requests the load ends by itself; by default never. */
    public Load requests(long value) {
        maxRequests = positive(value);
        return this;
    }

    /** The response header whose number says which generation answered; by default {@value #GENERATION_HEADER}. */
    public Load generationHeader(String value) {
        generationHeader = Objects.requireNonNull(value);
        return this;
    }

    /**
     * Speaks TLS; by default not. The certificate must be for the address, sessions are resumed where the server lets
     * them, and a connection that ends without a close_notify is a failure.
     */
    public Load tls(SSLContext value) {
        tls = Objects.requireNonNull(value);
        return this;
    }

    /** Starts the clients. */
    public RunningLoad start() {
        return RunningLoad.start(new Options(
                address,
                new ArrayList<>(requests),
                mode,
                connections,
                timeout,
                patience,
                pauseAfterFailure,
                duration,
                maxRequests,
                generationHeader,
                tls));
    }

    private static <N extends Number> N positive(N value) {
        if (value.longValue() <= 0) {
            throw new IllegalArgumentException(value + " is not above 0");
        }
        return value;
    }

    record Options(
            SocketAddress address,
            List<Request> requests,
            LoadMode mode,
            int connections,
            Duration timeout,
            Duration patience,
            Duration pauseAfterFailure,
            Duration duration,
            long maxRequests,
            String generationHeader,
            @Nullable SSLContext tls) {
        String host() {
            return Hosts.of(address);
        }
    }
}
