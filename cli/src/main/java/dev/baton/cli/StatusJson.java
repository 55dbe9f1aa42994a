package dev.baton.cli;

import dev.baton.GenerationStatus;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What is known of a service as values of JSON. All times are in milliseconds, as their names say; what is unknown is left
 * out.
 */
final class StatusJson {
    private StatusJson() {}

    static Map<String, Object> of(ServiceView view) {
        Map<String, Object> service = of(view.status());
        view.open().ifPresent(open -> service.put("connections", open));
        service.put("draining", view.older().stream().map(StatusJson::of).toList());
        return service;
    }

    private static Map<String, Object> of(GenerationStatus status) {
        Map<String, Object> service = new LinkedHashMap<>();
        service.put("name", status.name());
        service.put("generation", status.generation());
        service.put("pid", status.pid());
        service.put("state", status.state().name());
        service.put("inStateMillis", status.inState().toMillis());
        service.put("ageMillis", status.age().toMillis());
        status.jar().ifPresent(jar -> service.put("jar", jar.toString()));
        status.jdk().ifPresent(jdk -> service.put("jdk", jdk));
        service.put("batonRelease", status.release());
        service.put("listeners", status.listeners());
        service.put("restarts", status.restarts());
        status.undoable().ifPresent(left -> service.put("undoableMillis", left.toMillis()));
        status.servedBy().ifPresent(pid -> service.put("servedByPid", pid));
        status.drainLeft().ifPresent(left -> service.put("drainLeftMillis", left.toMillis()));
        service.put("warnings", status.warnings());
        return service;
    }

    private static Map<String, Object> of(ServiceView.Older older) {
        Map<String, Object> generation = new LinkedHashMap<>();
        generation.put("generation", older.generation());
        generation.put("pid", older.pid());
        generation.put("parkedMillis", older.parked().toMillis());
        older.left().ifPresent(left -> generation.put("drainLeftMillis", left.toMillis()));
        older.open().ifPresent(open -> generation.put("connections", open));
        return generation;
    }

    /** A generation that does not say how it is. */
    static Map<String, Object> of(Services.Silent silent) {
        return Map.of("pid", silent.pid(), "problem", silent.reason());
    }

    /** Generations, by pid: those that answered, and those that did not. */
    static List<Map<String, Object>> of(List<ServiceView> views, List<Services.Silent> silent) {
        return Stream.concat(views.stream().map(StatusJson::of), silent.stream().map(StatusJson::of))
                .toList();
    }
}
