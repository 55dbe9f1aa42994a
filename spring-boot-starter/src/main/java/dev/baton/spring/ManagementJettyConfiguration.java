package dev.baton.spring;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.jetty.JettyWebServerFactory;
import org.springframework.context.annotation.Bean;

/** As {@link ManagementTomcatConfiguration}, for Jetty. */
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
@ConditionalOnClass(JettyWebServerFactory.class)
class ManagementJettyConfiguration {
    @Bean
    JettyCustomizer batonManagementJettyCustomizer(ObjectProvider<ApplicationGeneration> generation) {
        return new JettyCustomizer(generation);
    }
}
