package dev.baton.spring;

import dev.baton.tomcat.BatonHttp11Protocol;
import org.apache.catalina.connector.Connector;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.tomcat.TomcatWebServerFactory;
import org.springframework.boot.web.server.Shutdown;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.core.Ordered;

/**
 * Puts the embedded Tomcat on a listener of Baton's, after everybody else has had a say in its settings.
 *
 * <p>Spring Boot's graceful stop is switched off: when it would come Baton has drained already, and what was cut at the
 * {@code drain-timeout} is not to be waited for a second time.
 */
final class TomcatCustomizer implements WebServerFactoryCustomizer<TomcatWebServerFactory>, Ordered {
    private final ObjectProvider<ApplicationGeneration> generation;

    TomcatCustomizer(ObjectProvider<ApplicationGeneration> generation) {
        this.generation = generation;
    }

    @Override
    public int getOrder() {
        return LOWEST_PRECEDENCE;
    }

    @Override
    public void customize(TomcatWebServerFactory factory) {
        if (factory.getPort() < 0) {
            return; // server.port=-1: no listener is wanted.
        }
        generation.ifAvailable(application -> {
            if (!factory.getProtocol().equals(TomcatWebServerFactory.DEFAULT_PROTOCOL)) {
                throw new BatonException("Tomcat's protocol is " + factory.getProtocol()
                        + ", which cannot take part in restarts; leave the default");
            }
            factory.setProtocol(BatonHttp11Protocol.class.getName());
            factory.setShutdown(Shutdown.IMMEDIATE);
            factory.addConnectorCustomizers(connector -> serve(connector, application));
        });
    }

    private static void serve(Connector connector, ApplicationGeneration application) {
        if (connector.getProtocolHandler() instanceof BatonHttp11Protocol protocol) {
            application.add(protocol.serve(
                    application.listen(
                            protocol.getAddress(),
                            protocol.getPort(),
                            application.properties().tomcatBacklog()),
                    application.drainOptions()));
        }
    }
}
