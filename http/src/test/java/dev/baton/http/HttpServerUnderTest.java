package dev.baton.http;

import com.sun.net.httpserver.HttpExchange;
import dev.baton.ListenAddress;
import dev.baton.drain.ConnectionSnapshot;
import dev.baton.drain.ConnectionState;
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
import java.util.concurrent.CompletionStage;

/** {@link BatonHttpServer} as the contract sees it. */
record HttpServerUnderTest(BatonHttpServer server, SocketAddress address) implements ServerUnderTest {

    static HttpServerUnderTest start(ListenAddress address, ContractOptions options, ContractHandler handler)
            throws IOException {
        BatonHttpServer server = BatonHttpServer.create(
                HttpServerOptions.builder().headTimeout(options.headTimeout()).build(),
                DrainOptions.builder()
                        .idlePolicy(IdlePolicy.valueOf(options.idlePolicy().name()))
                        .newConnectionGrace(options.newConnectionGrace())
                        .idleGrace(options.idleGrace())
                        .build());
        server.createContext("/", exchange -> handler.handle(new NeutralExchange(exchange)));
        SocketAddress bound = server.listen(address).localAddress();
        server.start();
        return new HttpServerUnderTest(server, bound);
    }

    @Override
    public void onStateChange(StateListener listener) {
        server.connections()
                .onStateChange((connection, from, to) -> listener.stateChanged(connection, state(from), state(to)));
    }

    private static State state(ConnectionState state) {
        return State.valueOf(state.name());
    }

    @Override
    public void onShutdown(Runnable callback) {
        server.connections().onShutdown(_ -> callback.run());
    }

    @Override
    public List<OpenConnection> connections() {
        return open(server.connections().snapshot());
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
        return server.shutdown(deadline).thenApply(result -> switch (result) {
            case ShutdownResult.Completed completed -> new ShutdownOutcome.Completed(completed.requestsCut());
            case ShutdownResult.TimedOut timedOut -> new ShutdownOutcome.TimedOut(open(timedOut.open()));
        });
    }

    @Override
    public int close() {
        return server.close();
    }

    @Override
    public void startAgain() {
        server.start();
    }

    @Override
    public void listenAgain() throws IOException {
        server.listen(ListenAddress.tcp(new InetSocketAddress("127.0.0.1", 0)));
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
    }
}
