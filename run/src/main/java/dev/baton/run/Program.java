package dev.baton.run;

import dev.baton.posix.PosixException;
import dev.baton.posix.Programs;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The command that is supervised, and what each of its lives is started with. */
final class Program {
    private static final String AGENT = "-javaagent:";

    private static final String SHELL = "/bin/sh";

    private static final String TOOL_OPTIONS = "JAVA_TOOL_OPTIONS";

    private final List<byte[]> command;
    private final Environment environment;

    Program(List<byte[]> command, Environment initial, RunOptions options, String notifySocket) {
        this.command = List.copyOf(command);
        this.environment = initial.copy();
        Launch.JVM_OPTIONS.forEach(name -> environment.rename(Launch.PUT_ASIDE + name, name));
        environment.set("NOTIFY_SOCKET", notifySocket);
        environment.set("FDSTORE", Integer.toString(DescriptorStore.LIMIT));
        // Who is to ping is the main process, whichever that is: sd_watchdog_enabled(3).
        environment.remove("WATCHDOG_PID");
        for (String passed : List.of("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")) {
            environment.remove(passed);
        }
        if (options.agent() && !hasAgent(options.jar())) {
            environment.append(TOOL_OPTIONS, quoted(AGENT + options.jar()));
        }
    }

    /** Whether the agent is asked for already, by whichever copy of the jar; two in one program would be one too many. */
    private boolean hasAgent(Path jar) {
        return Stream.concat(
                        environment.get(TOOL_OPTIONS).stream().flatMap(options -> Stream.of(options.split("\\s+"))),
                        command.stream().map(word -> new String(word, StandardCharsets.UTF_8)))
                .filter(word -> word.startsWith(AGENT))
                .map(word -> Path.of(word.substring(AGENT.length()).split("=", 2)[0]))
                .anyMatch(agent -> agent.endsWith(jar.getFileName()));
    }

    /** As the JVM reads the variable: a word with spaces stands in quotes. */
    private static String quoted(String word) {
        return word.chars().anyMatch(Character::isWhitespace) ? "'" + word + "'" : word;
    }

    /** What each life has, without what is passed to it. */
    Environment environment() {
        return environment;
    }

    /** The file that {@link #start} starts. */
    String starter(DescriptorStore store) {
        return store.descriptors().length == 0
                ? new String(command.getFirst(), StandardCharsets.UTF_8)
                : SHELL + " (which passes the sockets on)";
    }

    /**
     * Starts it, with the descriptors that it has stored: LISTEN_FDS of sd_listen_fds(3). LISTEN_PID is known to the new process
     * alone, so that a shell sets it and becomes the program.
     *
     * @return the pid
     */
    int start(DescriptorStore store) throws PosixException {
        int[] descriptors = store.descriptors();
        if (descriptors.length == 0) {
            return Programs.spawn(command, environment.variables());
        }
        Environment listening = environment.copy();
        listening.set("LISTEN_FDS", Integer.toString(descriptors.length));
        listening.set("LISTEN_FDNAMES", store.names());
        List<byte[]> words = new ArrayList<>();
        for (String word : List.of(SHELL, "-c", "export LISTEN_PID=$$; exec \"$@\"", "baton-run")) {
            words.add(word.getBytes(StandardCharsets.US_ASCII));
        }
        List<byte[]> unknownToShells = listening.takeUnknownToShells();
        if (!unknownToShells.isEmpty()) {
            words.add("env".getBytes(StandardCharsets.US_ASCII));
            words.add("--".getBytes(StandardCharsets.US_ASCII));
            words.addAll(unknownToShells);
        }
        words.addAll(command);
        return Programs.spawn(words, listening.variables(), descriptors);
    }
}
