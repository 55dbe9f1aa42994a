package dev.baton.spring;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.SmartLifecycle;

/**
 * Lets the servers take part when all have been started, and ends the generation before anything else of the context is
 * stopped: the last phase to start is the first to stop. Spring Boot's own graceful stop is two phases later.
 *
 * <p>{@link #stop()} waits, for the {@code drain-timeout} at most, and so is not subject to
 * {@code spring.lifecycle.timeout-per-shutdown-phase}.
 */
final class BatonLifecycle implements SmartLifecycle {
    private final ObjectProvider<ApplicationGeneration> generation;
    private volatile boolean running;

    BatonLifecycle(ObjectProvider<ApplicationGeneration> generation) {
        this.generation = generation;
    }

    @Override
    public void start() {
        generation.ifAvailable(ApplicationGeneration::join);
        running = true;
    }

    @Override
    public void stop() {
        generation.ifAvailable(ApplicationGeneration::close);
        running = false;
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    @Override
    public int getPhase() {
        return DEFAULT_PHASE;
    }
}
