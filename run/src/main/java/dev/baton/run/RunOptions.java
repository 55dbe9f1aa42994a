package dev.baton.run;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How a program is supervised.
 *
 * @param jar baton.jar: the supervisor is in it, and the agent
 * @param agent whether the program gets the agent
 * @param stopTimeout how long the program may take to stop; zero: for ever
 * @param admin {@code HOST:PORT} to answer probes at
 */
public record RunOptions(Path jar, boolean agent, Duration stopTimeout, Optional<String> admin) {
    private static final String JAR = "--jar=";
    private static final String AGENT = "--agent=";
    private static final String STOP_TIMEOUT = "--stop-timeout=";
    private static final String ADMIN = "--admin=";

    /** As arguments of the supervisor's JVM, for {@link #of}. */
    List<String> arguments() {
        List<String> arguments = new ArrayList<>();
        arguments.add(JAR + jar);
        arguments.add(AGENT + agent);
        arguments.add(STOP_TIMEOUT + stopTimeout);
        admin.ifPresent(address -> arguments.add(ADMIN + address));
        return arguments;
    }

    /** Reads what {@link #arguments} has written. */
    static RunOptions of(List<String> arguments) {
        return new RunOptions(
                Path.of(value(arguments, JAR).orElseThrow()),
                Boolean.parseBoolean(value(arguments, AGENT).orElseThrow()),
                Duration.parse(value(arguments, STOP_TIMEOUT).orElseThrow()),
                value(arguments, ADMIN));
    }

    private static Optional<String> value(List<String> arguments, String option) {
        return arguments.stream()
                .filter(argument -> argument.startsWith(option))
                .map(argument -> argument.substring(option.length()))
                .findFirst();
    }
}
