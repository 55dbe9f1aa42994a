package dev.baton.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What the agent adds to the start of a program, from the start of the process to the line in which it says that it listens:
 * the JDK's own server, which takes next to no time by itself, with the agent and without, in turns.
 */
final class AgentStart {
    private static final Duration CALM = Duration.ofMillis(300);

    /** What every agent brings: the JVM has no archive of a module graph with this module. */
    private static final String INSTRUMENT = "--add-modules=java.instrument";

    private AgentStart() {}

    /** That which adds the agent to a command line. */
    static String option() {
        return "-javaagent:" + System.getProperty("baton.jar");
    }

    static List<Ratio> run(int count, Progress progress) throws IOException, InterruptedException {
        String agent = option();
        var _ = millis(); // Brings the class path into the page cache.
        var _ = millis(agent);
        List<Double> plain = new ArrayList<>();
        List<Double> added = new ArrayList<>();
        List<Double> addedToInstrument = new ArrayList<>();
        for (int round = 1; round <= count; round++) {
            progress.say("start with the agent, round %d of %d".formatted(round, count));
            double without = millis();
            double with = millis(agent);
            double instrument = millis(INSTRUMENT);
            plain.add(without);
            added.add(with - without);
            addedToInstrument.add(with - instrument);
        }
        return List.of(
                new Ratio("start without the agent, ms", "", plain),
                new Ratio("added to it by the agent, ms", "at most 60", added),
                new Ratio("added to a start with java.instrument, ms", "", addedToInstrument));
    }

    private static double millis(String... options) throws IOException, InterruptedException {
        TimeUnit.NANOSECONDS.sleep(CALM.toNanos());
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.addAll(List.of(
                "-Dcom.sun.net.httpserver.HttpServerProvider=sun.net.httpserver.DefaultHttpServerProvider",
                "-cp",
                System.getProperty("java.class.path"),
                ContenderServer.class.getName(),
                Contender.JDK.name(),
                Integer.toString(ContenderProcess.freePort())));
        long started = System.nanoTime();
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedReader output = process.inputReader(UTF_8)) {
            String line = output.readLine();
            if (line == null || !line.startsWith(ContenderServer.LISTENING)) {
                throw new IOException("the program said: " + line);
            }
            return (System.nanoTime() - started) / 1e6;
        } finally {
            process.destroyForcibly();
        }
    }
}
