package dev.baton.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code baton train}: has the JVM record an AOT cache of a release, with which a restart starts it faster. */
@Command(
        name = "train",
        description = {
            "Makes an AOT cache of a release, with which a restart starts it faster.",
            "",
            "Starts COMMAND, which is the service's own command line, on private addresses: its ports, pid file and"
                    + " control socket are not touched, and the running service is not disturbed but by the processor"
                    + " time. Sends it requests, stops it, and keeps what the JVM has learned. A restart of a service"
                    + " that has the option aot-cache uses the file, if jar, JDK, agent and command line are the same"
                    + " as here; if not, it says so and starts without.",
            "",
            "What else the program does at its start it does here too: it connects to its database, for instance."
        },
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:the cache is in place",
            "1:the program did not serve, or the JVM has made no cache; an older one is left as it was",
            "2:the command could not run: one line on the standard error stream says why"
        })
final class TrainCommand implements Callable<Integer> {
    private static final int INTERRUPTED = 130;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it calls.
    private CommandSpec spec;

    @Option(
            names = "--output",
            paramLabel = "FILE",
            defaultValue = "baton.aot",
            description = "the cache; what it was made from is noted in FILE.release. By default ${DEFAULT-VALUE}")
    private Path output = Path.of("");

    @Option(
            names = "--request",
            paramLabel = "PATH",
            defaultValue = "/",
            description =
                    "asked for by GET on each listener in turn, without TLS; may be given several times. By default"
                            + " ${DEFAULT-VALUE}")
    private List<String> paths = List.of();

    @Option(
            names = "--requests",
            paramLabel = "N",
            defaultValue = "1000",
            description = "how often each is asked for, by default ${DEFAULT-VALUE}; 0: only the start is recorded")
    private int requests;

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            defaultValue = "5m",
            converter = Converters.OfDuration.class,
            description = "how long all of it may take, by default ${DEFAULT-VALUE}")
    private Duration timeout = Duration.ZERO;

    @Parameters(paramLabel = "COMMAND", arity = "1..*", description = "java and its arguments, after --")
    private List<String> command = List.of();

    @Override
    public Integer call() throws CannotRunException, InterruptedException {
        check();
        PrintWriter out = spec.commandLine().getOut();
        try (Cleanup cleanup = new Cleanup()) {
            try {
                Path directory = Files.createTempDirectory("baton-train");
                cleanup.delete(directory);
                Training training = new Training(command, output.toAbsolutePath(), directory, timeout, out);
                cleanup.add(training::close);
                training.run(paths, requests);
                return ExitStatus.OK;
            } catch (Training.FailedException e) {
                if (cleanup.ending()) {
                    return INTERRUPTED;
                }
                Errors.print(spec.commandLine(), String.valueOf(e.getMessage()));
                return ExitStatus.FAILED;
            } catch (IOException e) {
                throw new CannotRunException(e);
            }
        }
    }

    private void check() {
        if (!Path.of(command.getFirst()).endsWith("java")) {
            throw new ParameterException(
                    spec.commandLine(),
                    "COMMAND must begin with java, not " + command.getFirst() + ": the JVM gets an option more");
        }
        for (String path : paths) {
            if (!path.startsWith("/")) {
                throw new ParameterException(spec.commandLine(), "the value of --request must begin with /");
            }
        }
        if (requests < 0) {
            throw new ParameterException(spec.commandLine(), "the value of --requests must not be negative");
        }
    }
}
