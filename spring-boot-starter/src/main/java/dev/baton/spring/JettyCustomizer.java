package dev.baton.spring;

import dev.baton.jetty.BatonConnector;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.jetty.JettyWebServerFactory;
import org.springframework.boot.web.server.Shutdown;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.core.Ordered;

/**
 * Puts the embedded Jetty on listeners of Baton's, after everybody else has had a say in its settings: each of its connectors
 * is replaced by one with the same protocols.
 *
 * <p>Spring Boot's graceful stop is switched off, as {@link TomcatCustomizer} explains.
 */
final class JettyCustomizer implements WebServerFactoryCustomizer<JettyWebServerFactory>, Ordered {
    private final ObjectProvider<ApplicationGeneration> generation;

    JettyCustomizer(ObjectProvider<ApplicationGeneration> generation) {
        this.generation = generation;
    }

    @Override
    public int getOrder() {
        return LOWEST_PRECEDENCE;
    }

    @Override
    public void customize(JettyWebServerFactory factory) {
        if (factory.getPort() < 0) {
            return; // server.port=-1: no listener is wanted.
        }
        generation.ifAvailable(application -> {
            factory.setShutdown(Shutdown.IMMEDIATE);
            factory.addServerCustomizers(server -> serve(server, factory.getMaxConnections(), application));
        });
    }

    private static void serve(Server server, int maxConnections, ApplicationGeneration application) {
        Connector[] connectors = Arrays.stream(server.getConnectors())
                .map(each -> each instanceof ServerConnector connector ? onListener(connector, application) : each)
                .toArray(Connector[]::new);
        server.setConnectors(connectors);
        // Spring Boot's counts the connections of the connectors that are gone.
        server.getBeans(NetworkConnectionLimit.class).forEach(server::removeBean);
        if (maxConnections > -1) {
            server.addBean(new NetworkConnectionLimit(maxConnections, connectors));
        }
    }

    private static Connector onListener(ServerConnector connector, ApplicationGeneration application) {
        BatonConnector replacement = new BatonConnector(
                connector.getServer(),
                application.listen(host(connector), connector.getPort(), connector.getAcceptQueueSize()),
                application.drainOptions(),
                connector.getConnectionFactories().toArray(ConnectionFactory[]::new));
        replacement.setName(connector.getName());
        replacement.setIdleTimeout(connector.getIdleTimeout());
        replacement.setShutdownIdleTimeout(connector.getShutdownIdleTimeout());
        application.add(replacement.participant());
        return replacement;
    }

    private static InetAddress host(ServerConnector connector) {
        try {
            return InetAddress.getByName(connector.getHost());
        } catch (UnknownHostException e) {
            throw new BatonException(e);
        }
    }
}
