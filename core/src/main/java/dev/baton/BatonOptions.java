package dev.baton;

import dev.baton.posix.Platform;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How a generation is run. Each option has one name: {@code drain-timeout} is the command-line option
 * {@code --drain-timeout}, the system property {@code baton.drain-timeout} and the variable {@code BATON_DRAIN_TIMEOUT}.
 *
 * @param name what operators call the service ({@code name}; default: the main class or jar of the command line)
 * @param pidFile where the pid of the generation that serves is published ({@code pid-file}; default: nowhere)
 * @param runDirectory the folder of the control sockets ({@code run-dir}; default: {@code $XDG_RUNTIME_DIR/baton},
 *     {@code /run/baton} for root, else a folder of the user's in the temporary directory)
 * @param readyTimeout how long a successor may take until it accepts before it is killed ({@code ready-timeout}; 60 s)
 * @param drainTimeout how long connections may take to finish before they are cut ({@code drain-timeout}; 30 s; zero:
 *     for ever)
 */
public record BatonOptions(
        String name,
        Optional<Path> pidFile,
        Optional<Path> runDirectory,
        Duration readyTimeout,
        Duration drainTimeout) {

    /**
     * Checks the times and makes the paths absolute.
     *
     * @throws IllegalArgumentException if the ready timeout is not longer than zero, the drain timeout is negative, or
     *     either is longer than 10000 hours; the message names the option
     */
    public BatonOptions {
        if (!readyTimeout.isPositive()) {
            throw new IllegalArgumentException("ready-timeout must be longer than 0");
        }
        if (drainTimeout.isNegative()) {
            throw new IllegalArgumentException("drain-timeout must not be negative");
        }
        checkLength("ready-timeout", readyTimeout);
        checkLength("drain-timeout", drainTimeout);
        pidFile = pidFile.map(Path::toAbsolutePath);
        runDirectory = runDirectory.map(Path::toAbsolutePath);
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
        Platform.current();
        return configured(System::getProperty, InitialEnvironment.variables()::get);
    }

    static Builder configured(
            Function<String, @Nullable String> properties, Function<String, @Nullable String> environment) {
        Function<String, Optional<String>> value = option -> Optional.ofNullable(properties.apply("baton." + option))
                .or(() -> Optional.ofNullable(
                        environment.apply("BATON_" + option.replace('-', '_').toUpperCase(Locale.ROOT))))
                .filter(text -> !text.isEmpty());
        Builder builder = builder();
        value.apply("name").ifPresent(builder::name);
        value.apply("pid-file").map(Path::of).ifPresent(builder::pidFile);
        value.apply("run-dir").map(Path::of).ifPresent(builder::runDirectory);
        duration("ready-timeout", value).ifPresent(builder::readyTimeout);
        duration("drain-timeout", value).ifPresent(builder::drainTimeout);
        return builder;
    }

    private static Optional<Duration> duration(String option, Function<String, Optional<String>> value) {
        try {
            return value.apply(option).map(Durations::parse);
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

        private Builder() {}

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

        /**
         * The options.
         *
         * @throws IllegalArgumentException as the constructor does
         */
        public BatonOptions build() {
            return new BatonOptions(name, pidFile, runDirectory, readyTimeout, drainTimeout);
        }
    }
}
