package dev.baton.cli;

import dev.baton.ListenAddress;
import dev.baton.run.Launch;
import dev.baton.run.RunOptions;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code baton run}: supervises a program; this process becomes the supervisor. */
@Command(
        name = RunCommand.NAME,
        description = "Starts a program, and keeps it and its listening sockets alive: restarts it without its clients"
                + " noticing, and starts it again when it crashes, while connections wait.",
        mixinStandardHelpOptions = true,
        showDefaultValues = false,
        footerHeading = "%nSignals:%n",
        footer = {
            "  HUP         restart: a new process takes over, the old one finishes what it began",
            "  TERM, INT   stop: every process finishes what it began; the second time, all are killed",
            "  USR1, USR2  passed on to the main process"
        },
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:the program has ended with status 0",
            "N:the program has ended with status N, or by signal N - 128; or:",
            "2:wrong use, or the address of --admin cannot be had: nothing was started",
            "126:the command is not a program that this user may execute",
            "127:the command was not found"
        })
final class RunCommand implements Callable<Integer> {
    static final String NAME = "run";

    @Parameters(
            paramLabel = "COMMAND",
            arity = "1..*",
            description = "the program and its arguments; -- before it ends the options")
    private List<String> command = List.of();

    @Option(names = "--no-agent", description = "do not add baton.jar to JAVA_TOOL_OPTIONS as an agent")
    private boolean noAgent;

    @Option(
            names = "--stop-timeout",
            paramLabel = "TIME",
            converter = Converters.OfDuration.class,
            description = "how long the program may take to stop before it is killed, 0 for ever; by default 90s")
    private Duration stopTimeout = Duration.ofSeconds(90);

    @Option(
            names = "--admin",
            paramLabel = "HOST:PORT",
            converter = Converters.OfListenAddress.class,
            description = "answer probes over HTTP there: /livez, and /readyz, which is 200 while the program serves")
    private Optional<ListenAddress> admin = Optional.empty();

    @Override
    public Integer call() throws CannotRunException {
        RunOptions options = new RunOptions(jar(), !noAgent, stopTimeout, adminAddress());
        try {
            Launch.exec(options, command.size());
            throw new IllegalStateException("execve returned");
        } catch (IOException | UnsupportedOperationException e) {
            throw new CannotRunException(e);
        }
    }

    private Optional<String> adminAddress() throws CannotRunException {
        if (admin.isPresent() && !(admin.get() instanceof ListenAddress.Tcp)) {
            throw new CannotRunException("'" + admin.get() + "' is not an address for --admin; write HOST:PORT");
        }
        return admin.map(ListenAddress::toString);
    }

    /** The jar that this class was loaded from, by way of the one class of it that the application class loader sees. */
    private static Path jar() throws CannotRunException {
        try {
            CodeSource source = Class.forName("dev.baton.agent.premain.Main", false, ClassLoader.getSystemClassLoader())
                    .getProtectionDomain()
                    .getCodeSource();
            Path jar = Path.of(source.getLocation().toURI());
            if (Files.isRegularFile(jar)) {
                return jar;
            }
        } catch (ClassNotFoundException | URISyntaxException e) {
            // Not started from it, as below.
        }
        throw new CannotRunException("the supervisor and the agent are in baton.jar; run java -jar baton.jar run");
    }
}
