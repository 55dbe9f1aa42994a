package dev.baton.spring;

import dev.baton.Baton;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.config.MeterFilter;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * What Actuator shows of Baton: as much of it as the application has of Actuator. As in {@link BatonAutoConfiguration}, the
 * beans are there without Baton too.
 */
@AutoConfiguration
class BatonActuatorAutoConfiguration {
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
    static class Endpoints {
        @Bean
        @ConditionalOnAvailableEndpoint
        BatonEndpoint batonEndpoint(ObjectProvider<Baton> baton) {
            return new BatonEndpoint(baton);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
    static class HealthIndicators {
        @Bean
        @ConditionalOnEnabledHealthIndicator("baton")
        BatonHealthIndicator batonHealthIndicator(ObjectProvider<Baton> baton) {
            return new BatonHealthIndicator(baton);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(MeterBinder.class)
    static class Metrics {
        @Bean
        BatonMetrics batonMetrics(ObjectProvider<Baton> baton) {
            return new BatonMetrics(baton);
        }

        @Bean
        @ConditionalOnProperty(name = "baton.metrics.tag-generation", matchIfMissing = true)
        MeterFilter batonGenerationTag(ObjectProvider<Baton> baton) {
            return baton.stream()
                    .findFirst()
                    .map(running -> BatonMetrics.tagWith(running.generation()))
                    .orElseGet(() -> new MeterFilter() {});
        }
    }
}
