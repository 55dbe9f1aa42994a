package dev.baton.spring;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.Http2;
import org.springframework.boot.web.server.Shutdown;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.core.Ordered;

/**
 * Puts Reactor Netty on a listener of Baton's, after everybody else has had a say in its settings.
 *
 * <p>Spring Boot's graceful stop is switched off, as {@link TomcatCustomizer} explains. So are the event loops of its
 * resource factory, for this server alone: connections are served by those of {@link ReactorNettyServer}.
 */
final class ReactorNettyCustomizer implements WebServerFactoryCustomizer<NettyReactiveWebServerFactory>, Ordered {
    private final ObjectProvider<ApplicationGeneration> generation;

    ReactorNettyCustomizer(ObjectProvider<ApplicationGeneration> generation) {
        this.generation = generation;
    }

    @Override
    public int getOrder() {
        return LOWEST_PRECEDENCE;
    }

    @Override
    public void customize(NettyReactiveWebServerFactory factory) {
        if (factory.getPort() < 0) {
            return; // server.port=-1: no listener is wanted.
        }
        generation.ifAvailable(application -> {
            Http2 http2 = factory.getHttp2();
            if (http2 != null && http2.isEnabled()) {
                throw new BatonException("HTTP/2 of Reactor Netty cannot take part in restarts;"
                        + " use server.http2.enabled=false, or Tomcat or Jetty");
            }
            ReactorNettyServer server = ReactorNettyServer.on(
                    application.listen(factory.getAddress(), factory.getPort(), 0), application.drainOptions());
            factory.setShutdown(Shutdown.IMMEDIATE);
            // Its loops would take the place of those that a customizer has set.
            factory.setResourceFactory(null);
            factory.addServerCustomizers(http -> http.runOn(server.loops()));
            application.add(server.participant());
        });
    }
}
