package dev.baton.run;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Programs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Makes a supervisor of this process. */
public final class Launch {
    static final String END = "--";

    /** The class in baton.jar that finds {@link Main}. */
    private static final String MAIN = "dev.baton.agent.premain.Supervise";

    /**
     * Of a JVM that does little and lives long: it compiles nothing, because what it does in a day takes no second. RunCommandTest
     * measures it with the admin listener: 47 MB resident, 56 if it compiled, of which 22 are the JDK's files, shared with other
     * JVMs.
     */
    private static final List<String> SMALL = List.of(
            "-XX:+UseSerialGC",
            "-Xms4m",
            "-Xmx16m",
            "-Xss256k",
            "-Xint",
            "-XX:ReservedCodeCacheSize=4m",
            "-XX:MaxMetaspaceSize=32m",
            "-XX:-UsePerfData",
            "-Xshare:auto",
            // The admin listener's one thread is not for who says nothing, or does not read: seconds.
            "-Dsun.net.httpserver.maxReqTime=2",
            "-Dsun.net.httpserver.maxRspTime=2",
            "--enable-native-access=ALL-UNNAMED");

    /** What every JVM reads from its environment: these are for the program, and would make the supervisor large. */
    static final List<String> JVM_OPTIONS = List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

    /** How their names begin in the environment of the supervisor. */
    static final String PUT_ASIDE = "BATON_RUN_";

    private Launch() {}

    /**
     * Makes this process, with its pid, the supervisor of a command; returns only by an exception.
     *
     * @param words how many of the last words of this process's command line are the command
     */
    public static void exec(RunOptions options, int words) throws IOException {
        Environment environment = Environment.initial();
        List<byte[]> line = Environment.split(Files.readAllBytes(Path.of("/proc/self/cmdline")));
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        List<byte[]> arguments = new ArrayList<>();
        arguments.add(bytes(java.toString()));
        SMALL.forEach(option -> arguments.add(bytes(option)));
        arguments.add(bytes("-cp"));
        arguments.add(bytes(options.jar().toString()));
        arguments.add(bytes(MAIN));
        options.arguments().forEach(option -> arguments.add(bytes(option)));
        arguments.add(bytes(END));
        arguments.addAll(line.subList(line.size() - words, line.size()));
        JVM_OPTIONS.forEach(name -> environment.rename(name, PUT_ASIDE + name));
        Descriptors.closeOnExecFrom(Programs.FIRST_DESCRIPTOR + passed(environment));
        Programs.exec(bytes(java.toString()), arguments, environment.variables());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** How many descriptors were passed to this process: sd_listen_fds(3). */
    static int passed(Environment environment) {
        String self = Long.toString(ProcessHandle.current().pid());
        if (environment.get("LISTEN_PID").filter(self::equals).isEmpty()) {
            return 0;
        }
        try {
            int count = Integer.parseInt(environment.get("LISTEN_FDS").orElse("0"));
            return Math.clamp(count, 0, DescriptorStore.LIMIT);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
