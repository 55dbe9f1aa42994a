package dev.baton;

import dev.baton.posix.Platform;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How a generation is run. Each option has one name: {@code drain-timeout} is the system property
 * {@code baton.drain-timeout}, the variable {@code BATON_DRAIN_TIMEOUT} and, for programs with a command line of their own
 * such as {@code baton serve}, the option {@code --drain-timeout}.
 *
 * <p>A relative path is meant in the directory in which the first generation was started, in every generation.
 *
 * @param name what operators call the service ({@code name}; default: the main class or jar of the command line)
 * @param pidFile where the pid of the generation that serves is published ({@code pid-file}; default: nowhere)
 * @param runDirectory the folder of the control sockets ({@code run-dir}; default: {@code $XDG_RUNTIME_DIR/baton},
 *     {@code /run/baton} for root, else a folder of the user's in the temporary directory)
 * @param readyTimeout how long a successor may take until it accepts before it is killed ({@code ready-timeout}; 60 s)
 * @param drainTimeout how long connections may take to finish before they are cut ({@code drain-timeout}; 30 s; zero:
 *     for ever). During the undo window nothing is cut
 * @param undoWindow how long after a switch the parent can come back ({@code undo-window}; 10 s; zero: it cannot)
 * @param healthUrl what a successor must keep answering with a status from 200 to 399 during the undo window
 *     ({@code health-url}; default: none)
 * @param healthInterval how often it is asked, and how often whether it is well ({@code health-interval}; 1 s)
 * @param maxGenerations how many older generations may still drain when a restart is asked for ({@code max-generations};
 *     3)
 * @param oldestLeavesEarly whether, beyond that, the oldest is made to end, instead of the restart being refused
 *     ({@code oldest-leaves-early}; false)
 * @param aotCache the AOT cache that a successor is started with if it fits its release, as {@code baton train} makes it
 *     ({@code aot-cache}; default: none)
 */
public record BatonOptions(
        String name,
        Optional<Path> pidFile,
        Optional<Path> runDirectory,
        Duration readyTimeout,
        Duration drainTimeout,
        Duration undoWindow,
        Optional<URI> healthUrl,
        Duration healthInterval,
        int maxGenerations,
        boolean oldestLeavesEarly,
        Optional<Path> aotCache) {

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if a value is out of its range; the message names the option. The ready timeout and
     *     the health interval must be longer than zero, no time negative or longer than 10000 hours, the undo window not
     *     longer than 24 hours; the health URL must be of http or https; at least one generation must be allowed
     */
    public BatonOptions {
        if (!readyTimeout.isPositive()) {
            throw new IllegalArgumentException("ready-timeout must be longer than 0");
        }
        if (drainTimeout.isNegative()) {
            throw new IllegalArgumentException("drain-timeout must not be negative");
        }
        if (undoWindow.isNegative() || undoWindow.compareTo(MAX_UNDO_WINDOW) > 0) {
            throw new IllegalArgumentException(
                    "undo-window must be between 0 and " + Durations.format(MAX_UNDO_WINDOW));
        }
        if (!healthInterval.isPositive()) {
            throw new IllegalArgumentException("health-interval must be longer than 0");
        }
        if (maxGenerations < 1) {
            throw new IllegalArgumentException("max-generations must be at least 1");
        }
        if (healthUrl.isPresent() && !isHttp(healthUrl.get())) {
            throw new IllegalArgumentException("health-url must begin with http:// or https://: " + healthUrl.get());
        }
        checkLength("ready-timeout", readyTimeout);
        checkLength("drain-timeout", drainTimeout);
        checkLength("health-interval", healthInterval);
    }

    /** The same with relative paths resolved. */
    BatonOptions in(Path directory) {
        Builder resolved = new Builder(this);
        resolved.pidFile = pidFile.map(directory::resolve);
        resolved.runDirectory = runDirectory.map(directory::resolve);
        resolved.aotCache = aotCache.map(directory::resolve);
        return resolved.build();
    }

    /** The same for a process of which the world is not to know. */
    BatonOptions unpublished(Path directory) {
        Builder unpublished = new Builder(this);
        unpublished.pidFile = Optional.empty();
        unpublished.runDirectory = Optional.of(directory);
        unpublished.aotCache = Optional.empty();
        return unpublished.build();
    }

    private static final Duration MAX_UNDO_WINDOW = Duration.ofHours(24);

    private static boolean isHttp(URI url) {
        return url.getHost() != null
                && ("http".equalsIgnoreCase(url.getScheme()) || "https".equalsIgnoreCase(url.getScheme()));
    }

    private static void checkLength(String option, Duration value) {
        if (value.compareTo(Durations.MAX) > 0) {
            throw new IllegalArgumentException(option + " must not be longer than " + Durations.format(Durations.MAX));
        }
    }

    /** A builder that holds the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * The defaults, overridden by {@code BATON_*} variables, overridden by {@code baton.*} system properties.
     *
     * @throws IllegalArgumentException if a value cannot be read; the message names the option and the value
     * @throws UnsupportedOperationException on a platform that Baton does not run on
     */
    public static Builder configured() {
        return configured(_ -> Optional.empty());
    }

    /**
     * As {@link #configured()}, overridden in turn by what a program was told in a way of its own.
     *
     * @param own the value of an option by its name, such as {@code drain-timeout}
     */
    public static Builder configured(Function<String, Optional<String>> own) {
        Platform.current();
        return configured(own, System::getProperty, InitialEnvironment.variables()::get);
    }

    static Builder configured(
            Function<String, Optional<String>> own,
            Function<String, @Nullable String> properties,
            Function<String, @Nullable String> environment) {
        return from(option -> own.apply(option)
                .or(() -> Optional.ofNullable(properties.apply("baton." + option)))
                .or(() -> Optional.ofNullable(
                        environment.apply("BATON_" + option.replace('-', '_').toUpperCase(Locale.ROOT)))));
    }

    /**
     * The defaults, overridden by what a program's own configuration says.
     *
     * @param values the value of an option by its name, such as {@code drain-timeout}; an empty text is none
     * @throws IllegalArgumentException if a value cannot be read; the message names the option and the value
     */
    public static Builder from(Function<String, Optional<String>> values) {
        Function<String, Optional<String>> value =
                option -> values.apply(option).filter(text -> !text.isEmpty());
        Builder builder = builder();
        value.apply("name").ifPresent(builder::name);
        value.apply("pid-file").map(Path::of).ifPresent(builder::pidFile);
        value.apply("run-dir").map(Path::of).ifPresent(builder::runDirectory);
        duration("ready-timeout", value).ifPresent(builder::readyTimeout);
        duration("drain-timeout", value).ifPresent(builder::drainTimeout);
        duration("undo-window", value).ifPresent(builder::undoWindow);
        parsed("health-url", value, URI::create).ifPresent(builder::healthUrl);
        duration("health-interval", value).ifPresent(builder::healthInterval);
        parsed("max-generations", value, Integer::valueOf).ifPresent(builder::maxGenerations);
        parsed("oldest-leaves-early", value, BatonOptions::parseBoolean).ifPresent(builder::oldestLeavesEarly);
        value.apply("aot-cache").map(Path::of).ifPresent(builder::aotCache);
        return builder;
    }

    private static boolean parseBoolean(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("true or false expected, not " + text);
        };
    }

    private static Optional<Duration> duration(String option, Function<String, Optional<String>> value) {
        return parsed(option, value, Durations::parse);
    }

    private static <T> Optional<T> parsed(
            String option, Function<String, Optional<String>> value, Function<String, T> parser) {
        try {
            return value.apply(option).map(parser);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    option + ": a whole number expected, not "
                            + value.apply(option).orElse(""),
                    e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(option + ": " + e.getMessage(), e);
        }
    }

    /** Not safe for use by several threads. */
    public static final class Builder {
        private String name = CommandLine.programName();
        private Optional<Path> pidFile = Optional.empty();
        private Optional<Path> runDirectory = Optional.empty();
        private Duration readyTimeout = Duration.ofSeconds(60);
        private Duration drainTimeout = Duration.ofSeconds(30);
        private Duration undoWindow = Duration.ofSeconds(10);
        private Optional<URI> healthUrl = Optional.empty();
        private Duration healthInterval = Duration.ofSeconds(1);
        private int maxGenerations = 3;
        private boolean oldestLeavesEarly;
        private Optional<Path> aotCache = Optional.empty();

        private Builder() {}

        private Builder(BatonOptions source) {
            name = source.name;
            pidFile = source.pidFile;
            runDirectory = source.runDirectory;
            readyTimeout = source.readyTimeout;
            drainTimeout = source.drainTimeout;
            undoWindow = source.undoWindow;
            healthUrl = source.healthUrl;
            healthInterval = source.healthInterval;
            maxGenerations = source.maxGenerations;
            oldestLeavesEarly = source.oldestLeavesEarly;
            aotCache = source.aotCache;
        }

        public Builder name(String value) {
            name = value;
            return this;
        }

        public Builder pidFile(Path value) {
            pidFile = Optional.of(value);
            return this;
        }

        public Builder runDirectory(Path value) {
            runDirectory = Optional.of(value);
            return this;
        }

        public Builder readyTimeout(Duration value) {
            readyTimeout = value;
            return this;
        }

        public Builder drainTimeout(Duration value) {
            drainTimeout = value;
            return this;
        }

        public Builder undoWindow(Duration value) {
            undoWindow = value;
            return this;
        }

        public Builder healthUrl(URI value) {
            healthUrl = Optional.of(value);
            return this;
        }

        public Builder healthInterval(Duration value) {
            healthInterval = value;
            return this;
        }

        public Builder maxGenerations(int value) {
            maxGenerations = value;
            return this;
        }

        public Builder oldestLeavesEarly(boolean value) {
            oldestLeavesEarly = value;
            return this;
        }

        public Builder aotCache(Path value) {
            aotCache = Optional.of(value);
            return this;
        }

        /**
         * The options.
         *
         * @throws IllegalArgumentException as the constructor does
         */
        public BatonOptions build() {
            return new BatonOptions(
                    name,
                    pidFile,
                    runDirectory,
                    readyTimeout,
                    drainTimeout,
                    undoWindow,
                    healthUrl,
                    healthInterval,
                    maxGenerations,
                    oldestLeavesEarly,
                    aotCache);
        }
    }
}
