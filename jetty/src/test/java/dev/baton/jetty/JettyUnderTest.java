package dev.baton.jetty;

import dev.baton.ListenAddress;
import dev.baton.Listener;
import dev.baton.Listeners;
import dev.baton.drain.ConnectionSnapshot;
import dev.baton.drain.ConnectionState;
import dev.baton.drain.DrainOptions;
import dev.baton.drain.IdlePolicy;
import dev.baton.drain.ServerClosedException;
import dev.baton.drain.ShutdownResult;
import dev.baton.testkit.ContractHandler;
import dev.baton.testkit.ContractOptions;
import dev.baton.testkit.ServerUnderTest;
import dev.baton.testkit.TestCertificate;
import java.io.IOException;
import java.net.SocketAddress;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/** A {@link JettyServer} as the contract sees it. */
final class JettyUnderTest implements ServerUnderTest {
    private final Server jetty;
    private final Listener listener;
    private final JettyServer server;

    private JettyUnderTest(Server jetty, Listener listener, JettyServer server) {
        this.jetty = jetty;
        this.listener = listener;
        this.server = server;
    }

    /** What a connector of HTTP/1.1 is made of. */
    static ConnectionFactory[] http() {
        return new ConnectionFactory[] {new HttpConnectionFactory()};
    }

    /** The same within TLS, for a client that calls its host what it likes. */
    static ConnectionFactory[] https(TestCertificate certificate) throws GeneralSecurityException, IOException {
        SslContextFactory.Server tls = new SslContextFactory.Server();
        tls.setSslContext(certificate.serverContext());
        HttpConfiguration configuration = new HttpConfiguration();
        configuration.addCustomizer(new SecureRequestCustomizer(false));
        return new ConnectionFactory[] {
            new SslConnectionFactory(tls, "http/1.1"), new HttpConnectionFactory(configuration)
        };
    }

    static JettyUnderTest start(ContractOptions options, ContractHandler handler, ConnectionFactory... factories)
            throws Exception {
        DrainOptions drainOptions = DrainOptions.builder()
                .idlePolicy(IdlePolicy.valueOf(options.idlePolicy().name()))
                .newConnectionGrace(options.newConnectionGrace())
                .idleGrace(options.idleGrace())
                .build();
        Listener listener = Listeners.bind(ListenAddress.parse("127.0.0.1:0"), 0);
        Server jetty = new Server();
        BatonConnector connector = new BatonConnector(jetty, listener, drainOptions, factories);
        connector.setIdleTimeout(options.headTimeout().toMillis());
        jetty.addConnector(connector);
        jetty.setHandler(new ContractJettyHandler(handler));
        jetty.start();
        connector.participant().resume().join();
        return new JettyUnderTest(jetty, listener, connector.participant());
    }

    @Override
    public SocketAddress address() {
        return listener.localAddress();
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
    public void end() throws Exception {
        jetty.stop();
        listener.close();
    }

    @Override
    public void startAgain() throws Exception {
        try {
            server.resume().join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    @Override
    public void listenAgain() throws Exception {
        startAgain();
    }

    @Override
    public Class<? extends Exception> typeOfEnd() {
        return ServerClosedException.class;
    }
}
