package dev.baton.tomcat;

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
import jakarta.servlet.Servlet;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.net.SSLHostConfig;
import org.apache.tomcat.util.net.SSLHostConfigCertificate;

/** A {@link TomcatServer} as the contract sees it. */
final class TomcatUnderTest implements ServerUnderTest {
    private final Tomcat tomcat;
    private final TomcatServer server;
    private final Listener listener;

    private TomcatUnderTest(Tomcat tomcat, TomcatServer server, Listener listener) {
        this.tomcat = tomcat;
        this.server = server;
        this.listener = listener;
    }

    static TomcatUnderTest start(ContractOptions options, ContractHandler handler, boolean asynchronous)
            throws Exception {
        DrainOptions drainOptions = DrainOptions.builder()
                .idlePolicy(IdlePolicy.valueOf(options.idlePolicy().name()))
                .newConnectionGrace(options.newConnectionGrace())
                .idleGrace(options.idleGrace())
                .build();
        Listener listener = Listeners.bind(ListenAddress.parse("127.0.0.1:0"), 0);
        TomcatServer server = TomcatServer.on(listener, drainOptions);
        server.protocol().setConnectionTimeout((int) options.headTimeout().toMillis());
        Tomcat tomcat = tomcat(server, new ContractServlet(handler, asynchronous));
        tomcat.start();
        server.resume().join();
        return new TomcatUnderTest(tomcat, server, listener);
    }

    /** Has a server speak TLS with this certificate. */
    static void tls(BatonHttp11Protocol protocol, TestCertificate certificate) throws IOException {
        Path directory = Files.createTempDirectory("baton-tomcat-tls");
        Path chain = Files.writeString(directory.resolve("chain.pem"), certificate.certificatePem());
        Path key = Files.writeString(directory.resolve("key.pem"), certificate.keyPem());
        List.of(directory, chain, key).forEach(each -> each.toFile().deleteOnExit());
        SSLHostConfig host = new SSLHostConfig();
        SSLHostConfigCertificate own = new SSLHostConfigCertificate(host, SSLHostConfigCertificate.Type.EC);
        own.setCertificateFile(chain.toString());
        own.setCertificateKeyFile(key.toString());
        host.addCertificate(own);
        protocol.setSSLEnabled(true);
        protocol.addSslHostConfig(host);
    }

    /** One that serves everything with this servlet. */
    static Tomcat tomcat(TomcatServer server, Servlet servlet) throws IOException {
        Path directory = Files.createTempDirectory("baton-tomcat");
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(directory.toString());
        tomcat.setSilent(true);
        tomcat.setConnector(server.connector());
        Context context = tomcat.addContext("", directory.toString());
        Tomcat.addServlet(context, "servlet", servlet).setAsyncSupported(true);
        context.addServletMappingDecoded("/", "servlet");
        return tomcat;
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

    @Override
    public void end() throws Exception {
        tomcat.stop();
        tomcat.destroy();
        listener.close();
        remove(tomcat);
    }

    /** Removes the directories that a Tomcat of {@link #tomcat} has made. */
    static void remove(Tomcat tomcat) throws IOException {
        try (Stream<Path> all = Files.walk(tomcat.getServer().getCatalinaBase().toPath())) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }
}
