package dev.baton.spring;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.context.annotation.Bean;

/** As {@link ManagementTomcatConfiguration}, for Reactor Netty. */
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
@ConditionalOnClass(NettyReactiveWebServerFactory.class)
class ManagementReactorNettyConfiguration {
    @Bean
    ReactorNettyCustomizer batonManagementReactorNettyCustomizer(ObjectProvider<ApplicationGeneration> generation) {
        return new ReactorNettyCustomizer(generation);
    }
}
