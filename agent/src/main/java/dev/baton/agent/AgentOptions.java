package dev.baton.agent;

import dev.baton.BatonOptions;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How the agent is run: the options of {@link BatonOptions}, and one more, each by its one name after {@code =} of
 * {@code -javaagent}, as a property {@code baton.NAME}, or as a variable {@code BATON_NAME}; the first that is there
 * counts.
 *
 * @param baton those of Baton itself
 * @param ready what says that the program can serve ({@code ready}; {@code auto})
 */
record AgentOptions(BatonOptions baton, Ready ready) {
    private static final List<String> BATON = List.of(
            "name",
            "pid-file",
            "run-dir",
            "ready-timeout",
            "drain-timeout",
            "undo-window",
            "health-url",
            "health-interval",
            "max-generations",
            "oldest-leaves-early",
            "aot-cache");
    private static final String READY = "ready";

    /**
     * Reads {@code NAME=VALUE,NAME=VALUE...}.
     *
     * @throws IllegalArgumentException if a name is unknown or a value cannot be read; the message says which
     */
    static AgentOptions of(String arguments) {
        Map<String, String> own = arguments(arguments);
        BatonOptions baton = BatonOptions.configured(option -> Optional.ofNullable(own.get(option)))
                .build();
        // Not before Baton has taken from the environment what is its own alone: the first look at it copies it.
        Optional<String> ready = Optional.ofNullable(own.get(READY))
                .or(() -> Optional.ofNullable(System.getProperty("baton." + READY)))
                .or(() -> Optional.ofNullable(System.getenv("BATON_" + READY.toUpperCase(Locale.ROOT))));
        return new AgentOptions(baton, ready.map(Ready::parse).orElse(Ready.Rule.AUTO));
    }

    static Map<String, String> arguments(String arguments) {
        return Arrays.stream(arguments.split(",", 0))
                .filter(argument -> !argument.isEmpty())
                .map(AgentOptions::argument)
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, (_, last) -> last));
    }

    private static Map.Entry<String, String> argument(String argument) {
        int equals = argument.indexOf('=');
        String name = equals < 0 ? argument : argument.substring(0, equals);
        if (!names().contains(name)) {
            throw new IllegalArgumentException(
                    "-javaagent: there is no option '" + name + "'; there are " + String.join(", ", names()));
        }
        if (equals < 0) {
            throw new IllegalArgumentException("-javaagent: the option " + name + " needs a value: " + name + "=...");
        }
        return Map.entry(name, Objects.requireNonNull(argument.substring(equals + 1)));
    }

    static List<String> names() {
        return Stream.concat(BATON.stream(), Stream.of(READY)).toList();
    }
}
