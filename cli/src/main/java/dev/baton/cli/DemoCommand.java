package dev.baton.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code baton demo}: restarts a server under load and shows what its clients noticed. */
@Command(
        name = "demo",
        description = {
            "Restarts a server under load and shows what its clients noticed.",
            "",
            "Starts `baton serve` on files of 1 KB, 100 KB and 5 MB, drives it with clients that never retry and check"
                    + " every byte, and sends it SIGHUP again and again. Half of the clients open a connection for each"
                    + " request, the others keep theirs; all pause for 20 ms between an answer and the next request."
        },
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:all restarts succeeded and no request failed",
            "1:a restart or a request failed",
            "2:the demo could not run: one line on the standard error stream says why"
        })
final class DemoCommand implements Callable<Integer> {
    /** What a shell reports of a program that SIGINT ended. */
    private static final int INTERRUPTED = 130;

    private static final int MOST_RESTARTS = 1_000;
    private static final int MOST_CONNECTIONS = 5_000;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it calls.
    private CommandSpec spec;

    @Option(
            names = "--restarts",
            paramLabel = "N",
            defaultValue = "5",
            description = "how many restarts, by default ${DEFAULT-VALUE}")
    private int restarts;

    @Option(
            names = "--connections",
            paramLabel = "N",
            defaultValue = "32",
            description = "how many clients of each kind, by default ${DEFAULT-VALUE}")
    private int connections;

    @Option(
            names = "--duration",
            paramLabel = "TIME",
            defaultValue = "20s",
            converter = Converters.OfDuration.class,
            description = "how long the load runs, such as 30s or 2m, by default ${DEFAULT-VALUE};"
                    + " longer if the restarts take longer")
    private Duration duration = Duration.ZERO;

    @Option(names = "--json", description = "print the result as JSON; progress goes to the standard error stream")
    private boolean json;

    @Override
    public Integer call() throws CannotRunException, InterruptedException {
        DemoOptions options = options();
        Terminal terminal = Terminal.detect();
        PrintWriter out = spec.commandLine().getOut();
        try (Cleanup cleanup = new Cleanup()) {
            Path directory = directory(cleanup);
            DemoResult result;
            try (Progress progress =
                    new Progress(json ? spec.commandLine().getErr() : out, json ? Terminal.PLAIN : terminal)) {
                progress.event("baton demo: generating files, starting the server");
                result = Demo.run(options, directory, progress, cleanup);
            }
            if (cleanup.ending()) {
                return INTERRUPTED;
            }
            if (json) {
                out.println(DemoJson.write(result));
                out.flush();
            } else {
                new DemoReport(result, terminal).print(out);
            }
            return result.passed() ? ExitStatus.OK : ExitStatus.FAILED;
        }
    }

    private DemoOptions options() {
        require("--restarts", restarts >= 1 && restarts <= MOST_RESTARTS, "1 to " + MOST_RESTARTS);
        require("--connections", connections >= 1 && connections <= MOST_CONNECTIONS, "1 to " + MOST_CONNECTIONS);
        require("--duration", duration.compareTo(Duration.ofSeconds(1)) >= 0, "at least 1s");
        return new DemoOptions(restarts, connections, duration);
    }

    private void require(String option, boolean fulfilled, String allowed) {
        if (!fulfilled) {
            throw new ParameterException(spec.commandLine(), "the value of " + option + " must be " + allowed);
        }
    }

    private static Path directory(Cleanup cleanup) throws CannotRunException {
        try {
            Path directory = Files.createTempDirectory("baton-demo");
            cleanup.delete(directory);
            return directory;
        } catch (IOException e) {
            throw new CannotRunException(
                    "no temporary directory can be made (" + e + "); let this user write, and make room, in "
                            + System.getProperty("java.io.tmpdir"),
                    e);
        }
    }
}
