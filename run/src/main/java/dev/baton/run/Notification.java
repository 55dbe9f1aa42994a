package dev.baton.run;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** One message of sd_notify(3): lines of {@code NAME=value}, of which those that are not known are of no effect. */
record Notification(List<String> lines) {
    /** What the supervisor says for the service to whoever supervises the supervisor; never MAINPID. */
    private static final Set<String> FORWARDED =
            Set.of("READY", "RELOADING", "MONOTONIC_USEC", "STOPPING", "STATUS", "WATCHDOG", "EXTEND_TIMEOUT_USEC");

    static Notification of(byte[] message) {
        return new Notification(
                new String(message, StandardCharsets.UTF_8).lines().toList());
    }

    /** The value of the last line of this name, as systemd reads it. */
    Optional<String> value(String name) {
        return lines.stream()
                .filter(line -> line.startsWith(name + "="))
                .map(line -> line.substring(name.length() + 1))
                .reduce((_, last) -> last);
    }

    boolean says(String name) {
        return value(name).equals(Optional.of("1"));
    }

    Optional<Integer> mainPid() {
        return value("MAINPID").flatMap(text -> {
            try {
                int pid = Integer.parseInt(text);
                return pid > 0 ? Optional.of(pid) : Optional.empty();
            } catch (NumberFormatException e) {
                return Optional.empty();
            }
        });
    }

    /** What is to be forwarded; empty if nothing is. */
    String forwarded() {
        return lines.stream()
                .filter(line -> FORWARDED.contains(line.split("=", 2)[0]))
                .collect(Collectors.joining("\n"));
    }
}
