package dev.baton.spring;

import dev.baton.Baton;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/**
 * OUT_OF_SERVICE while this generation drains because the service ends, and afterwards.
 *
 * <p>One that drains because another generation serves is UP. It is asked on connections that it had before the switch, of
 * load balancers above all; what they want to know is whether this address serves, and it does. A status 503 from here would
 * make some of them take the whole service away. The details say which generation has answered.
 */
final class BatonHealthIndicator implements HealthIndicator {
    private final ObjectProvider<Baton> baton;

    BatonHealthIndicator(ObjectProvider<Baton> baton) {
        this.baton = baton;
    }

    @Override
    public Health health() {
        return baton.stream()
                .findFirst()
                .map(BatonHealthIndicator::health)
                .orElseGet(() -> Health.unknown().build());
    }

    private static Health health(Baton running) {
        // Not of the status: who asks every few seconds must not wait for the generation's decisions.
        var state = running.state();
        Health.Builder health = switch (state) {
            case STARTING, SERVING, UPGRADING, PARKED -> Health.up();
            case STOPPING, RETIRED -> Health.outOfService();
        };
        return health.withDetail("generation", running.generation())
                .withDetail("state", state.name())
                .build();
    }
}
