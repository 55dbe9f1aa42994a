package dev.baton.spring;

import dev.baton.Baton;
import dev.baton.GenerationStatus;
import dev.baton.State;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.config.MeterFilter;
import java.util.Locale;
import java.util.Set;
import org.springframework.beans.factory.ObjectProvider;

/**
 * What is measured of the succession, and the tag {@value #TAG} for everything else.
 *
 * <p>Two of the meters are about the service and not about this process: {@value #RESTARTS} and {@value #GENERATION}. They
 * have no such tag, and go on in the successor from where they were, so that each is one series.
 */
final class BatonMetrics implements MeterBinder {
    static final String GENERATION = "baton.generation";
    static final String RESTARTS = "baton.restarts";
    static final String DRAINING = "baton.generations.draining";
    static final String STATE = "baton.state";
    static final String TAG = "generation";

    private static final Set<String> OF_THE_SERVICE = Set.of(GENERATION, RESTARTS);

    private final ObjectProvider<Baton> baton;
    private volatile int restarts;
    private volatile int draining;

    BatonMetrics(ObjectProvider<Baton> baton) {
        this.baton = baton;
    }

    /**
     * Adds the generation to each meter that has no tag of this name. The counters of an application begin at 0 in each
     * process. If they were one series, it would fall at a restart, which is understood as a new start, and rise at an undo,
     * where the old generation goes on, which is not: all that was counted before would be counted again.
     */
    static MeterFilter tagWith(int generation) {
        return new MeterFilter() {
            @Override
            public Meter.Id map(Meter.Id id) {
                return OF_THE_SERVICE.contains(id.getName()) || id.getTag(TAG) != null
                        ? id
                        : id.withTag(Tag.of(TAG, String.valueOf(generation)));
            }
        };
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        baton.ifAvailable(running -> bind(running, registry));
    }

    private void bind(Baton running, MeterRegistry registry) {
        String generation = String.valueOf(running.generation());
        Gauge.builder(GENERATION, running, Baton::generation)
                .description("The number of the generation that answers; it falls when a restart is undone")
                .register(registry);
        FunctionCounter.builder(RESTARTS, running, each -> {
                    refresh(each);
                    return restarts;
                })
                .description("Switches to a successor, of all generations, those that were undone included")
                .register(registry);
        Gauge.builder(DRAINING, running, each -> {
                    refresh(each);
                    return draining;
                })
                .tag(TAG, generation)
                .description("Older generations that have not ended")
                .register(registry);
        for (State state : State.values()) {
            Gauge.builder(STATE, running, each -> each.state() == state ? 1 : 0)
                    .tag(TAG, generation)
                    .tag("state", state.name().toLowerCase(Locale.ROOT))
                    .description("1 for the state in which the generation is, 0 for each other")
                    .register(registry);
        }
    }

    /** If the generation is too busy to say, the last that it has said holds: a counter may not fail, nor fall. */
    private void refresh(Baton running) {
        try {
            GenerationStatus status = running.status();
            restarts = status.restarts();
            draining = status.draining().size();
        } catch (IllegalStateException e) {
            // A participant keeps it busy.
        }
    }
}
