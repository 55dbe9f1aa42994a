package dev.baton.cli;

import dev.baton.GenerationStatus;
import dev.baton.State;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/** Writes what is known of a service for people. */
final class StatusText {
    private static final int BAR = 20;

    private final ServiceView view;
    private final Terminal terminal;

    StatusText(ServiceView view, Terminal terminal) {
        this.view = view;
        this.terminal = terminal;
    }

    /** All of it. */
    List<String> lines() {
        GenerationStatus status = view.status();
        List<String> lines = new ArrayList<>();
        lines.add(terminal.heading(status.name()) + "  generation " + status.generation() + ", pid " + status.pid()
                + ", " + state(status) + " for " + Elapsed.text(status.inState()));
        add(lines, "started", Elapsed.text(status.age()) + " ago");
        status.jar().ifPresent(jar -> add(lines, "jar", jar.toString()));
        status.jdk().ifPresent(jdk -> add(lines, "jdk", jdk));
        add(lines, "baton", status.release());
        status.listeners().forEach(key -> add(lines, "listens", key));
        view.open().ifPresent(open -> add(lines, "open", connections(open)));
        add(lines, "restarts", Integer.toString(status.restarts()));
        status.undoable().ifPresent(left -> add(lines, "undo", "possible for " + Elapsed.text(left)));
        status.servedBy().ifPresent(pid -> add(lines, "served by", "pid " + pid));
        view.older().forEach(each -> add(lines, "drains", older(each)));
        status.warnings().forEach(warning -> add(lines, "warning", terminal.bad(warning)));
        return lines;
    }

    /** What of it tells one moment from the next, on one line, for an output that cannot be drawn again. */
    String summary() {
        GenerationStatus status = view.status();
        String older = view.older().stream()
                .map(each -> each.generation() + " (pid " + each.pid() + suffix(each.open()) + ")")
                .collect(Collectors.joining(", "));
        return status.name() + ": generation " + status.generation() + " (pid " + status.pid() + ") " + status.state()
                + (status.undoable().isPresent() ? ", undo possible" : "")
                + (older.isEmpty() ? "" : ", drains " + older);
    }

    private static void add(List<String> lines, String what, String text) {
        lines.add("  %-10s %s".formatted(what, text));
    }

    private String state(GenerationStatus status) {
        return status.state() == State.SERVING
                ? terminal.good(status.state().name())
                : status.state().name();
    }

    private static String older(ServiceView.Older older) {
        String bar = older.spent()
                .map(spent -> "  " + bar(spent) + " cut in "
                        + older.left().map(Elapsed::text).orElse(""))
                .orElse("");
        return "generation " + older.generation() + ", pid " + older.pid() + suffix(older.open()) + ", for "
                + Elapsed.text(older.parked()) + bar;
    }

    private static String bar(double spent) {
        int full = (int) Math.min(BAR, Math.round(spent * BAR));
        return "[" + "#".repeat(full) + ".".repeat(BAR - full) + "]";
    }

    private static String suffix(OptionalInt open) {
        return open.isPresent() ? ", " + connections(open.getAsInt()) : "";
    }

    private static String connections(int open) {
        return open == 1 ? "1 connection" : open + " connections";
    }
}
