package dev.baton.cli;

import dev.baton.BatonControl;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Where a command looks for services. */
final class RunDirectoryOption {
    @Option(
            names = "--run-dir",
            paramLabel = "DIR",
            description = "where the services have their control sockets (baton.run-dir, BATON_RUN_DIR);"
                    + " by default that of this user")
    private Optional<Path> directory = Optional.empty();

    /** The one that was named, else that of this user and this configuration. */
    Path path() throws CannotRunException {
        try {
            return directory.isPresent() ? directory.get().toAbsolutePath() : BatonControl.runDirectory();
        } catch (IOException | IllegalArgumentException e) {
            throw new CannotRunException(e);
        }
    }
}
