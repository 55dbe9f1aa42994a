package dev.baton.spring;

import dev.baton.Baton;
import dev.baton.GenerationStatus;
import dev.baton.RestartResult;
import dev.baton.UndoResult;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.WebEndpoint;

/**
 * {@code GET /actuator/baton}, and {@code POST /actuator/baton/restart} and {@code /undo}: what operators get at the control
 * socket. As Spring Boot has it, {@code management.endpoint.baton.access} says who may do what; only
 * {@code unrestricted} allows the requests that change something. Without Baton nothing is found here.
 *
 * <p>An answer comes with the outcome, so that of a restart comes from the old generation: it is a request in its drain,
 * which finishes it. After an undo the same holds for the generation that was undone.
 */
@WebEndpoint(id = "baton", defaultAccess = Access.READ_ONLY)
class BatonEndpoint {
    /** RFC 9110, section 15.5.10; {@link WebEndpointResponse} has no name for it. */
    private static final int STATUS_CONFLICT = 409;

    private final ObjectProvider<Baton> baton;

    BatonEndpoint(ObjectProvider<Baton> baton) {
        this.baton = baton;
    }

    /** As {@link GenerationStatus}, in types that any JSON library writes alike; times are in milliseconds. */
    record Status(
            String name,
            int generation,
            long pid,
            String state,
            long inStateMillis,
            long ageMillis,
            String release,
            List<String> listeners,
            @Nullable Long undoableMillis,
            @Nullable Long servedBy,
            List<Draining> draining,
            int restarts,
            List<String> warnings) {

        static Status of(GenerationStatus status) {
            return new Status(
                    status.name(),
                    status.generation(),
                    status.pid(),
                    status.state().name(),
                    status.inState().toMillis(),
                    status.age().toMillis(),
                    status.release(),
                    status.listeners(),
                    status.undoable().map(Duration::toMillis).orElse(null),
                    orNull(status.servedBy()),
                    status.draining().stream().map(Draining::of).toList(),
                    status.restarts(),
                    status.warnings());
        }
    }

    /** An older generation that has not ended. */
    record Draining(int generation, long pid, long drainsMillis) {
        static Draining of(GenerationStatus.Draining draining) {
            return new Draining(
                    draining.generation(), draining.pid(), draining.drains().toMillis());
        }
    }

    /**
     * A {@link RestartResult} or {@link UndoResult}.
     *
     * @param outcome its name
     * @param generation the one that serves now, or that is in the way
     * @param pid its process
     * @param detail why nothing has changed
     * @param lastLines what a successor that has failed wrote last to standard error
     */
    record Outcome(
            String outcome,
            @Nullable Integer generation,
            @Nullable Long pid,
            @Nullable String detail,
            @Nullable List<String> lastLines) {

        static Outcome refusal(String outcome, String detail) {
            return new Outcome(outcome, null, null, detail, null);
        }
    }

    @ReadOperation
    @Nullable
    Status status() {
        return running().map(each -> Status.of(each.status())).orElse(null);
    }

    @WriteOperation
    WebEndpointResponse<Outcome> operate(@Selector String operation) {
        Optional<Baton> running = running();
        return switch (operation) {
            case "restart" -> running.map(each -> answer(each.restart().join())).orElseGet(BatonEndpoint::nothingFound);
            case "undo" -> running.map(each -> answer(each.undo().join())).orElseGet(BatonEndpoint::nothingFound);
            default -> nothingFound();
        };
    }

    private Optional<Baton> running() {
        return baton.stream().findFirst();
    }

    private static WebEndpointResponse<Outcome> nothingFound() {
        return new WebEndpointResponse<>(WebEndpointResponse.STATUS_NOT_FOUND);
    }

    static WebEndpointResponse<Outcome> answer(RestartResult result) {
        return switch (result) {
            case RestartResult.Switched(int generation, long pid, Duration _, Duration _) ->
                done(new Outcome("Switched", generation, pid, null, null));
            case RestartResult.Failed(RestartResult.Cause cause, String detail, List<String> lastLines) ->
                failed(new Outcome("Failed", null, null, cause + ": " + detail, lastLines));
            case RestartResult.AlreadyInProgress() ->
                refused(Outcome.refusal("AlreadyInProgress", "another restart is running"));
            case RestartResult.NotServing(var state, OptionalLong servedBy) ->
                refused(new Outcome("NotServing", null, orNull(servedBy), "this generation is " + state, null));
            case RestartResult.TooManyGenerations(int generation, long pid, Duration _) ->
                refused(new Outcome("TooManyGenerations", generation, pid, "as many as allowed still drain", null));
        };
    }

    static WebEndpointResponse<Outcome> answer(UndoResult result) {
        return switch (result) {
            case UndoResult.Undone(int generation, long pid) ->
                done(new Outcome("Undone", generation, pid, null, null));
            case UndoResult.NothingToUndo() ->
                refused(Outcome.refusal("NothingToUndo", "no older generation can come back"));
            case UndoResult.AlreadyInProgress() ->
                refused(Outcome.refusal("AlreadyInProgress", "another undo is running"));
            case UndoResult.Failed(String detail) -> failed(Outcome.refusal("Failed", detail));
        };
    }

    private static WebEndpointResponse<Outcome> done(Outcome outcome) {
        return new WebEndpointResponse<>(outcome);
    }

    private static WebEndpointResponse<Outcome> refused(Outcome outcome) {
        return new WebEndpointResponse<>(outcome, STATUS_CONFLICT);
    }

    private static WebEndpointResponse<Outcome> failed(Outcome outcome) {
        return new WebEndpointResponse<>(outcome, WebEndpointResponse.STATUS_INTERNAL_SERVER_ERROR);
    }

    private static @Nullable Long orNull(OptionalLong number) {
        return number.isPresent() ? number.getAsLong() : null;
    }
}
