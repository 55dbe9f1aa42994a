package dev.baton.cli;

import dev.baton.ControlException;
import dev.baton.RestartResult;
import dev.baton.RestartStep;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** One restart as its operator sees it: each step as it happens, the outcome, and what either is in JSON. */
final class Restart {
    private final Services.Answered service;
    private final Consumer<String> say;
    private final List<Map<String, Object>> steps = new ArrayList<>();

    /** @param say takes each line for people */
    Restart(Services.Answered service, Consumer<String> say) {
        this.service = service;
        this.say = say;
    }

    /** A way to say lines: to a stream, at once. */
    static Consumer<String> to(PrintWriter out) {
        return line -> {
            out.println(line);
            out.flush();
        };
    }

    /**
     * Restarts, and waits for the outcome.
     *
     * @param more hears of each step too, and may throw what ends the wait
     */
    RestartResult run(Consumer<RestartStep> more) throws ControlException {
        say.accept("restarting " + service.title() + ", generation "
                + service.status().generation());
        RestartResult result = service.control().restart(step -> {
            steps.add(json(step));
            say.accept(line(step));
            more.accept(step);
        });
        lines(result).forEach(say);
        return result;
    }

    private static String line(RestartStep step) {
        String generation = Services.Answered.generation(step.generation(), step.pid());
        return "  %7s  %s %s"
                .formatted(
                        Elapsed.text(step.elapsed()),
                        generation,
                        switch (step.kind()) {
                            case STARTED -> "starts";
                            case CONNECTED -> "has its listeners";
                            case READY -> "is ready";
                            case ACCEPTING -> "accepts";
                        });
    }

    private List<String> lines(RestartResult result) {
        String old = service.generation();
        List<String> lines = new ArrayList<>();
        switch (result) {
            case RestartResult.Switched switched ->
                lines.add("  %7s  switched to generation %d (pid %d)"
                        .formatted(Elapsed.text(switched.toSwitch()), switched.generation(), switched.pid()));
            case RestartResult.Failed failed -> {
                lines.add("restart failed: the successor " + failed.detail() + "; " + old + " serves on");
                if (!failed.lastLines().isEmpty()) {
                    lines.add("it said last:");
                    failed.lastLines().forEach(line -> lines.add("  " + line));
                }
            }
            case RestartResult.AlreadyInProgress _ -> lines.add("another restart is in progress; this one did nothing");
            case RestartResult.NotServing notServing ->
                lines.add(service.title() + " is " + notServing.state()
                        + (notServing.servedBy().isPresent()
                                ? " (pid " + notServing.servedBy().getAsLong() + " serves)"
                                : "")
                        + " and cannot be succeeded; nothing was done");
            case RestartResult.TooManyGenerations many ->
                lines.add("max-generations is reached: generation " + many.generation() + " (pid " + many.pid()
                        + ") has been draining for " + Elapsed.text(many.drains()) + "; nothing was done");
        }
        return lines;
    }

    /** The exit status of a command that does nothing else. */
    static int status(RestartResult result) {
        return switch (result) {
            case RestartResult.Switched _ -> ExitStatus.OK;
            case RestartResult.AlreadyInProgress _ -> ExitStatus.IN_PROGRESS;
            case RestartResult.Failed _, RestartResult.NotServing _, RestartResult.TooManyGenerations _ ->
                ExitStatus.FAILED;
        };
    }

    /** All of it for machines. */
    Map<String, Object> json(RestartResult result) {
        Map<String, Object> json = json(name(result));
        switch (result) {
            case RestartResult.Switched switched -> {
                json.put("generation", switched.generation());
                json.put("pid", switched.pid());
                json.put("toReadyMillis", switched.toReady().toMillis());
                json.put("toSwitchMillis", switched.toSwitch().toMillis());
            }
            case RestartResult.Failed failed -> {
                json.put("cause", failed.cause().name());
                json.put("detail", failed.detail());
                json.put("lastLines", failed.lastLines());
            }
            case RestartResult.AlreadyInProgress _ -> {}
            case RestartResult.NotServing notServing -> {
                json.put("state", notServing.state().name());
                notServing.servedBy().ifPresent(pid -> json.put("servedByPid", pid));
            }
            case RestartResult.TooManyGenerations many -> {
                json.put("generation", many.generation());
                json.put("pid", many.pid());
                json.put("drainsMillis", many.drains().toMillis());
            }
        }
        return json;
    }

    /** The same for a wait that has ended before the restart did. */
    Map<String, Object> json(String result) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("result", result);
        json.put("name", service.status().name());
        json.put("oldGeneration", service.status().generation());
        json.put("oldPid", service.status().pid());
        json.put("steps", List.copyOf(steps));
        return json;
    }

    private static Map<String, Object> json(RestartStep step) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("step", step.kind().name());
        json.put("generation", step.generation());
        json.put("pid", step.pid());
        json.put("millis", step.elapsed().toMillis());
        return json;
    }

    private static String name(RestartResult result) {
        return switch (result) {
            case RestartResult.Switched _ -> "switched";
            case RestartResult.Failed _ -> "failed";
            case RestartResult.AlreadyInProgress _ -> "already-in-progress";
            case RestartResult.NotServing _ -> "not-serving";
            case RestartResult.TooManyGenerations _ -> "too-many-generations";
        };
    }
}
