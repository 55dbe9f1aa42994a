package dev.baton;

import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/**
 * What JDK Flight Recorder is told of restarts, drains and undos; {@code docs/flight-recorder.md} is for its readers.
 *
 * <p>A Java runtime may come without {@code jdk.jfr}, and a process that has no descriptor left cannot load a class. In
 * both cases nothing is recorded and nothing else changes: no restart depends on who watches it. So the classes of the
 * events are touched in {@link #orElse} alone. And only if there has been a recording in this process: to load the first
 * class of an event takes hundreds of milliseconds, in which the owner decides nothing.
 */
@SuppressWarnings("UnusedVariable") // Flight Recorder reads the fields of an event.
final class FlightEvents {
    private static final boolean PRESENT =
            ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private FlightEvents() {}

    /** A drain that has begun. */
    interface DrainRecording {
        /**
         * This one is over; later calls have no effect.
         *
         * @param moved connections that have gone to another generation
         * @param cut connections that were closed in the middle of something
         */
        void ended(DrainOutcome outcome, int moved, int cut);
    }

    enum DrainOutcome {
        /** The generation ends. */
        ENDED,
        /** The generation serves again. */
        CAME_BACK
    }

    /**
     * A restart begins; it ends with its result.
     *
     * @return what wants to hear its steps
     */
    static Consumer<RestartStep> restart(String origin, int generation, CompletableFuture<RestartResult> result) {
        return orElse(_ -> {}, () -> {
            RestartEvent event = new RestartEvent(origin, generation);
            event.begin();
            var _ = result.thenAccept(event::end);
            return step -> new StepEvent(step).commit();
        });
    }

    /** A drain begins. */
    static DrainRecording drain(int generation, Participant.DrainReason reason) {
        return orElse((_, _, _) -> {}, () -> {
            DrainEvent event = new DrainEvent(generation, reason);
            event.begin();
            return event::end;
        });
    }

    /**
     * A parent begins to come back.
     *
     * @return what wants to hear that it serves again, or why it does not
     */
    static Consumer<Optional<String>> undo(int generation, long pid, String reason) {
        return orElse(_ -> {}, () -> {
            UndoEvent event = new UndoEvent(generation, pid, reason);
            event.begin();
            return event::end;
        });
    }

    private static <T> T orElse(T nothing, Supplier<T> recording) {
        if (!PRESENT) {
            return nothing;
        }
        try {
            return FlightRecorder.isInitialized() ? recording.get() : nothing;
        } catch (LinkageError e) {
            return nothing;
        }
    }

    @Name("dev.baton.Restart")
    @Label("Restart")
    @Category("Baton")
    @Description("From the request to the moment at which the parent has parked or the successor has failed")
    @StackTrace(false)
    private static final class RestartEvent extends Event {
        @Label("Requested By")
        private final String requestedBy;

        @Label("Generation")
        @Description("The number of the successor")
        private final int generation;

        @Label("Outcome")
        @Description("SWITCHED, or the cause of the failure")
        private String outcome = "";

        @Label("Detail")
        @Description("The failure in one line")
        private String detail = "";

        RestartEvent(String requestedBy, int generation) {
            this.requestedBy = requestedBy;
            this.generation = generation;
        }

        void end(RestartResult result) {
            if (result instanceof RestartResult.Failed failed) {
                outcome = failed.cause().name();
                detail = failed.detail();
            } else {
                outcome = result.getClass().getSimpleName().toUpperCase(Locale.ROOT);
            }
            commit();
        }
    }

    @Name("dev.baton.RestartStep")
    @Label("Restart Step")
    @Category("Baton")
    @Description("A step of a restart that has succeeded so far")
    @StackTrace(false)
    private static final class StepEvent extends Event {
        @Label("Step")
        private final String step;

        @Label("Generation")
        @Description("The number of the successor")
        private final int generation;

        @Label("Process")
        @Description("The pid of the successor")
        private final long pid;

        @Label("Elapsed")
        @Description("Since the request")
        @Timespan(Timespan.NANOSECONDS)
        private final long elapsed;

        StepEvent(RestartStep step) {
            this.step = step.kind().name();
            this.generation = step.generation();
            this.pid = step.pid();
            this.elapsed = step.elapsed().toNanos();
        }
    }

    @Name("dev.baton.Drain")
    @Label("Drain")
    @Category("Baton")
    @Description("A generation that does not accept any more finishes what it has begun")
    @StackTrace(false)
    private static final class DrainEvent extends Event {
        @Label("Generation")
        private final int generation;

        @Label("Reason")
        @Description("SUCCEEDED by another generation, or STOPPED with the service")
        private final String reason;

        @Label("Outcome")
        @Description("ENDED, or CAME_BACK if the generation serves again")
        private String outcome = "";

        @Label("Moved Connections")
        @Description("Connections that another generation goes on with")
        private int movedConnections;

        @Label("Cut Connections")
        @Description("Connections that were closed in the middle of something")
        private int cutConnections;

        private boolean over;

        DrainEvent(int generation, Participant.DrainReason reason) {
            this.generation = generation;
            this.reason = reason.name();
        }

        void end(DrainOutcome how, int moved, int cut) {
            if (!over) {
                over = true;
                outcome = how.name();
                movedConnections = moved;
                cutConnections = cut;
                commit();
            }
        }
    }

    @Name("dev.baton.Undo")
    @Label("Undo")
    @Category("Baton")
    @Description("From the decision that the parent comes back to the moment at which it serves again")
    @StackTrace(false)
    private static final class UndoEvent extends Event {
        @Label("Generation")
        @Description("The number of the successor that is undone")
        private final int generation;

        @Label("Process")
        @Description("The pid of the successor that is undone")
        private final long pid;

        @Label("Reason")
        private final String reason;

        @Label("Failure")
        @Description("Why the parent could not come back; empty if it serves")
        private String failure = "";

        UndoEvent(int generation, long pid, String reason) {
            this.generation = generation;
            this.pid = pid;
            this.reason = reason;
        }

        void end(Optional<String> failed) {
            failure = failed.orElse("");
            commit();
        }
    }
}
