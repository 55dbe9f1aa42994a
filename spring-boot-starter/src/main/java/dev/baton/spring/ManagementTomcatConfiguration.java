package dev.baton.spring;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.tomcat.TomcatWebServerFactory;
import org.springframework.context.annotation.Bean;

/** The same for the server of {@code management.server.port}, which has a context of its own. */
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
@ConditionalOnClass(TomcatWebServerFactory.class)
class ManagementTomcatConfiguration {
    @Bean
    TomcatCustomizer batonManagementTomcatCustomizer(ObjectProvider<ApplicationGeneration> generation) {
        return new TomcatCustomizer(generation);
    }
}
