package dev.baton.cli;

import dev.baton.ControlException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Which service a command means, and where it looks for it. */
final class ServiceOption {
    @Parameters(paramLabel = "NAME|PID", arity = "0..1", description = "the service; needed only if there are several")
    private Optional<String> wanted = Optional.empty();

    @Mixin
    private final RunDirectoryOption runDirectory = new RunDirectoryOption();

    /** As {@link Services#choose(Path, Optional)}. */
    Services.Answered choose() throws CannotRunException, ControlException, InterruptedException {
        return Services.choose(directory(), wanted);
    }

    Path directory() throws CannotRunException {
        return runDirectory.path();
    }
}
