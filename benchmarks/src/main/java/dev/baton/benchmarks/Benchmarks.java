package dev.baton.benchmarks;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Compares whole processes and prints ratios, each of figures that were taken in the same round. */
@Command(
        name = "benchmarks/run",
        description =
                "Measures what Baton costs, on the loopback interface. With the first argument jmh, runs JMH instead"
                        + " and gives it the other arguments.",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:measured, whatever came of it",
            "1:a request or a restart failed, so that there is nothing to compare",
            "2:bad arguments"
        })
final class Benchmarks implements Callable<Integer> {
    private enum Part {
        THROUGHPUT,
        TRACKING,
        MEMORY,
        SHUTDOWN,
        RESTART,
        AGENT,
        MIGRATION
    }

    private enum ClientChoice {
        WRK,
        TESTKIT
    }

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "show this and exit")
    @SuppressWarnings("UnusedVariable") // picocli looks at it.
    private boolean help;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it calls.
    private CommandSpec spec;

    @Parameters(paramLabel = "PART", arity = "0..*", description = "${COMPLETION-CANDIDATES}; by default all of them")
    private Set<Part> parts = Set.of(Part.values());

    @Option(names = "--rounds", paramLabel = "N", description = "by default ${DEFAULT-VALUE}")
    private int rounds = 20;

    @Option(
            names = "--turn",
            paramLabel = "SECONDS",
            description = "how long each server is driven in a round; by default ${DEFAULT-VALUE}")
    private int turn = 1;

    @Option(
            names = "--connections",
            paramLabel = "N",
            description = "how many there are under load; by default ${DEFAULT-VALUE}")
    private int connections = 32;

    @Option(
            names = "--open",
            paramLabel = "N",
            description = "how many idle connections are weighed, and moved; by default ${DEFAULT-VALUE}")
    private int open = 10_000;

    @Option(
            names = "--restarts",
            paramLabel = "N",
            description =
                    "how many restarts with live migration are measured, of each kind; by default ${DEFAULT-VALUE}")
    private int restarts = 5;

    @Option(
            names = "--shutdowns",
            paramLabel = "N",
            description = "how many times a server is shut down; by default ${DEFAULT-VALUE}")
    private int shutdowns = 2_000;

    @Option(
            names = "--client",
            paramLabel = "CLIENT",
            description = "${COMPLETION-CANDIDATES}; by default wrk where there is one")
    private Optional<ClientChoice> choice = Optional.empty();

    private Benchmarks() {}

    /** Measures, and exits with a status. */
    public static void main(String[] arguments) {
        CommandLine commandLine = new CommandLine(new Benchmarks())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((e, line, _) -> {
                    line.getErr().println("benchmarks/run: " + e);
                    return 1;
                });
        System.exit(commandLine.execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (rounds < 1 || turn < 1 || connections < 1 || open < 1 || shutdowns < 1 || restarts < 1) {
            throw new ParameterException(spec.commandLine(), "numbers must be at least 1");
        }
        Progress progress = new Progress();
        List<String> results = new ArrayList<>();
        if (parts.contains(Part.THROUGHPUT)) {
            results.addAll(throughput(progress));
        }
        if (parts.contains(Part.TRACKING)) {
            results.addAll(new TrackingCost().run(rounds, progress));
        }
        if (parts.contains(Part.MEMORY)) {
            try (Children children = new Children()) {
                results.addAll(new MemoryComparison(open).run(children, progress));
            }
        }
        if (parts.contains(Part.SHUTDOWN)) {
            try (Children children = new Children()) {
                results.addAll(new ShutdownTimes(shutdowns, rounds).run(children, progress));
            }
        }
        if (parts.contains(Part.RESTART)) {
            results.addAll(lines(RestartComparison.run(rounds, progress)));
        }
        if (parts.contains(Part.AGENT)) {
            results.addAll(lines(AgentStart.run(rounds, progress)));
        }
        if (parts.contains(Part.MIGRATION)) {
            try (Children children = new Children()) {
                results.addAll(new MigrationComparison(open, restarts).run(children, progress));
            }
        }
        results.forEach(System.out::println);
        return 0;
    }

    private List<String> throughput(Progress progress) throws IOException, InterruptedException {
        try (Client client = client();
                Children children = new Children()) {
            progress.say("the client is " + client);
            List<Ratio> ratios = new ThroughputComparison(client, connections, Duration.ofSeconds(turn))
                    .run(rounds, children, progress);
            List<String> lines = new ArrayList<>(List.of(
                    "%d rounds of %d s, %d connections, client: %s".formatted(rounds, turn, connections, client)));
            lines.addAll(lines(ratios));
            return lines;
        }
    }

    private Client client() throws IOException {
        Optional<Client> wrk = choice.equals(Optional.of(ClientChoice.TESTKIT)) ? Optional.empty() : WrkClient.find();
        if (wrk.isEmpty() && choice.equals(Optional.of(ClientChoice.WRK))) {
            throw new ParameterException(
                    spec.commandLine(), "there is no wrk on the path; install it (Debian: apt-get install wrk)");
        }
        return wrk.isPresent() ? wrk.get() : TestkitClient.start();
    }

    private static List<String> lines(List<Ratio> ratios) {
        return Stream.concat(Stream.of(Ratio.header()), ratios.stream().map(Ratio::toString))
                .toList();
    }
}
