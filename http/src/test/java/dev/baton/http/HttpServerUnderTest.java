package dev.baton.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import dev.baton.ListenAddress;
import dev.baton.Listener;
import dev.baton.drain.ConnectionSnapshot;
import dev.baton.drain.ConnectionState;
import dev.baton.drain.Connections;
import dev.baton.drain.DrainOptions;
import dev.baton.drain.IdlePolicy;
import dev.baton.drain.ServerClosedException;
import dev.baton.drain.ShutdownResult;
import dev.baton.testkit.ContractExchange;
import dev.baton.testkit.ContractHandler;
import dev.baton.testkit.ContractOptions;
import dev.baton.testkit.ServerUnderTest;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.IntSupplier;
import javax.net.ssl.SSLContext;

/** {@link BatonHttpServer} and {@link BatonHttpsServer} as the contract sees them. */
final class HttpServerUnderTest implements ServerUnderTest {
    private final HttpServer server;
    private final Connections connections;
    private final Function<Duration, CompletableFuture<ShutdownResult>> shutdown;
    private final IntSupplier close;
    private final ListenAgain listenAgain;
    private final SocketAddress address;

    private interface ListenAgain {
        Listener listen(ListenAddress address) throws IOException;
    }

    private HttpServerUnderTest(
            HttpServer server,
            Connections connections,
            Function<Duration, CompletableFuture<ShutdownResult>> shutdown,
            IntSupplier close,
            ListenAgain listenAgain,
            ListenAddress address,
            ContractHandler handler)
            throws IOException {
        this.server = server;
        this.connections = connections;
        this.shutdown = shutdown;
        this.close = close;
        this.listenAgain = listenAgain;
        server.createContext("/", exchange -> handler.handle(new NeutralExchange(exchange)));
        this.address = listenAgain.listen(address).localAddress();
        server.start();
    }

    static HttpServerUnderTest start(ListenAddress address, ContractOptions options, ContractHandler handler)
            throws IOException {
        BatonHttpServer server = BatonHttpServer.create(serverOptions(options), drainOptions(options));
        return new HttpServerUnderTest(
                server, server.connections(), server::shutdown, server::close, server::listen, address, handler);
    }

    /** With the JDK's TLS. */
    static HttpServerUnderTest start(
            ListenAddress address, SSLContext context, ContractOptions options, ContractHandler handler)
            throws IOException {
        BatonHttpsServer server = BatonHttpsServer.create(serverOptions(options), drainOptions(options));
        server.setHttpsConfigurator(new HttpsConfigurator(context));
        return new HttpServerUnderTest(
                server, server.connections(), server::shutdown, server::close, server::listen, address, handler);
    }

    private static HttpServerOptions serverOptions(ContractOptions options) {
        return HttpServerOptions.builder().headTimeout(options.headTimeout()).build();
    }

    private static DrainOptions drainOptions(ContractOptions options) {
        return DrainOptions.builder()
                .idlePolicy(IdlePolicy.valueOf(options.idlePolicy().name()))
                .newConnectionGrace(options.newConnectionGrace())
                .idleGrace(options.idleGrace())
                .build();
    }

    @Override
    public SocketAddress address() {
        return address;
    }

    @Override
    public void onStateChange(StateListener listener) {
        connections.onStateChange((connection, from, to) -> listener.stateChanged(connection, state(from), state(to)));
    }

    private static State state(ConnectionState state) {
        return State.valueOf(state.name());
    }

    @Override
    public void onShutdown(Runnable callback) {
        connections.onShutdown(_ -> callback.run());
    }

    @Override
    public List<OpenConnection> connections() {
        return open(connections.snapshot());
    }

    private static List<OpenConnection> open(List<ConnectionSnapshot> connections) {
        return connections.stream()
                .map(each -> new OpenConnection(
                        state(each.state()),
                        each.peer(),
                        each.age(),
                        each.requestsServed(),
                        each.bytesReceived(),
                        each.bytesSent()))
                .toList();
    }

    @Override
    public CompletionStage<ShutdownOutcome> shutdown(Duration deadline) {
        return shutdown.apply(deadline).thenApply(result -> switch (result) {
            case ShutdownResult.Completed completed -> new ShutdownOutcome.Completed(completed.requestsCut());
            case ShutdownResult.TimedOut timedOut -> new ShutdownOutcome.TimedOut(open(timedOut.open()));
        });
    }

    @Override
    public int close() {
        return close.getAsInt();
    }

    @Override
    public void startAgain() {
        server.start();
    }

    @Override
    public void listenAgain() throws IOException {
        listenAgain.listen(ListenAddress.tcp(new InetSocketAddress("127.0.0.1", 0)));
    }

    @Override
    public Class<? extends Exception> typeOfEnd() {
        return ServerClosedException.class;
    }

    private record NeutralExchange(HttpExchange exchange) implements ContractExchange {
        @Override
        public String method() {
            return exchange.getRequestMethod();
        }

        @Override
        public String path() {
            return exchange.getRequestURI().getPath();
        }

        @Override
        public InputStream body() {
            return exchange.getRequestBody();
        }

        @Override
        public OutputStream respond(int status, long length) throws IOException {
            exchange.sendResponseHeaders(status, length == UNKNOWN_LENGTH ? 0 : length == 0 ? -1 : length);
            return exchange.getResponseBody();
        }

        @Override
        public Taken hijack() throws IOException {
            HijackedConnection connection = HijackedConnection.upgrade(exchange, "echo");
            return new Taken(connection.input(), connection.output());
        }
    }
}
