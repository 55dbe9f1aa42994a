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
import jakarta.servlet.Servlet;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.startup.Tomcat;

/** A {@link TomcatServer} as the contract sees it. */
final class TomcatUnderTest implements ServerUnderTest {
    private final Tomcat tomcat;
    private final TomcatServer server;
    private final SocketAddress address;

    private TomcatUnderTest(Tomcat tomcat, TomcatServer server, SocketAddress address) {
        this.tomcat = tomcat;
        this.server = server;
        this.address = address;
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
        return new TomcatUnderTest(tomcat, server, listener.localAddress());
    }

    /** One that serves everything with this servlet. */
    static Tomcat tomcat(TomcatServer server, Servlet servlet) throws IOException {
        Path directory = Files.createTempDirectory("baton-tomcat");
        directory.toFile().deleteOnExit();
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
        return address;
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

    /** The end of the rule too: Tomcat's threads go with the first call that finds them. */
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

    /** Ends Tomcat itself. */
    void stop() throws LifecycleException {
        tomcat.stop();
        tomcat.destroy();
    }
}
