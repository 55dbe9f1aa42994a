package dev.baton.spring;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.jetty.JettyWebServerFactory;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.tomcat.TomcatWebServerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * What the context does for Baton. The beans are there in an application without Baton too, and do nothing: whether there is
 * one is known at run time alone, conditions may be decided ahead of it.
 */
@AutoConfiguration
class BatonAutoConfiguration {
    @Bean
    BatonLifecycle batonLifecycle(ObjectProvider<ApplicationGeneration> generation) {
        return new BatonLifecycle(generation);
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(TomcatWebServerFactory.class)
    static class Tomcat {
        @Bean
        TomcatCustomizer batonTomcatCustomizer(ObjectProvider<ApplicationGeneration> generation) {
            return new TomcatCustomizer(generation);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(JettyWebServerFactory.class)
    static class Jetty {
        @Bean
        JettyCustomizer batonJettyCustomizer(ObjectProvider<ApplicationGeneration> generation) {
            return new JettyCustomizer(generation);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(NettyReactiveWebServerFactory.class)
    static class ReactorNetty {
        @Bean
        ReactorNettyCustomizer batonReactorNettyCustomizer(ObjectProvider<ApplicationGeneration> generation) {
            return new ReactorNettyCustomizer(generation);
        }
    }
}
