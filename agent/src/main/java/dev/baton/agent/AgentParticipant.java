package dev.baton.agent;

import dev.baton.Participant;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The program as a participant of restarts. */
final class AgentParticipant implements Participant {
    private final ProgramListeners listeners;
    private final DrainBits drainBits;
    private DrainWatch watch = DrainWatch.none();

    AgentParticipant(ProgramListeners listeners, DrainBits drainBits) {
        this.listeners = listeners;
        this.drainBits = drainBits;
    }

    @Override
    public CompletionStage<Void> resume() {
        watch.cancel();
        CompletionStage<Void> resumed = done(listeners::resume);
        drainBits.set(false);
        return resumed;
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
        watch.cancel();
        boolean succeeded = reason == DrainReason.SUCCEEDED;
        listeners.ends(succeeded);
        // In a stop those of paths are the program's own matter: see ConnectionCensus.
        watch = DrainWatch.begin(reason, listeners.ports(), succeeded ? listeners.paths() : Set.of());
        return watch.finished();
    }

    @Override
    public int close() {
        watch.cancel();
        try {
            return ConnectionCensus.of(listeners.ports(), Set.of()).outstanding();
        } catch (IOException e) {
            Log.connectionsUnknown(e);
            return 0;
        }
    }

    @FunctionalInterface
    private interface Step {
        void run() throws IOException;
    }
}
