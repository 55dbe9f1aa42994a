package dev.baton.agent;

import dev.baton.Participant;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The program as a participant of restarts. */
final class AgentParticipant implements Participant {
    private final ProgramListeners listeners;
    private final DrainBits drainBits;
    private DrainWatch watch = DrainWatch.none();

    /** Whether the last drain was that of a service that ends. */
    private volatile boolean stopped;

    AgentParticipant(ProgramListeners listeners, DrainBits drainBits) {
        this.listeners = listeners;
        this.drainBits = drainBits;
    }

    @Override
    public CompletionStage<Void> resume() {
        watch.cancel();
        drainBits.set(false);
        return done(listeners::resume);
    }

    @Override
    public CompletionStage<Void> park() {
        CompletionStage<Void> parked = done(listeners::park);
        drainBits.set(true);
        return parked;
    }

    private static CompletionStage<Void> done(Step step) {
        try {
            step.run();
            return CompletableFuture.completedStage(null);
        } catch (IOException e) {
            return CompletableFuture.failedStage(e);
        }
    }

    @Override
    public void release() {
        listeners.release();
    }

    @Override
    public CompletionStage<Void> drain(DrainReason reason) {
        stopped = reason == DrainReason.STOPPED;
        watch.cancel();
        watch = DrainWatch.begin(reason, listeners.ports());
        return watch.finished();
    }

    @Override
    public int close() {
        watch.cancel();
        return ConnectionCensus.of(listeners.ports()).outstanding();
    }

    boolean isStopped() {
        return stopped;
    }

    @FunctionalInterface
    private interface Step {
        void run() throws IOException;
    }
}
