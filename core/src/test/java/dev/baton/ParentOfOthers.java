package dev.baton;

import dev.baton.testkit.ChildJvm;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * A service that starts processes of its own, in each of the two ways that Java has, and prints the pid of a grandchild of
 * each, which lives on. With the argument {@code hasty} it reads its environment before Baton does, and its second
 * generation has a service of its own, started by the same words as this one would be by hand; the second argument is the
 * script of that {@link ScriptedService}.
 */
final class ParentOfOthers {
    private static final String SHELL = "sleep 600 & echo $!; wait";

    private ParentOfOthers() {}

    public static void main(String[] arguments) throws Exception {
        boolean hasty = arguments[0].equals("hasty");
        if (hasty) {
            System.out.println("home is " + System.getenv("HOME"));
        }
        try (Baton baton = Baton.start()) {
            baton.listen(ListenAddress.parse("127.0.0.1:0"));
            if (hasty && baton.generation() == 2) {
                ChildJvm nested = ChildJvm.of(ScriptedService.class)
                        .arguments(arguments[1])
                        .environment(
                                "BATON_PID_FILE", Path.of(arguments[1] + ".pid").toString())
                        .start();
                nested.awaitLine("1 ready", Duration.ofSeconds(30));
                nested.lines().forEach(line -> System.out.println("nested " + line.text()));
            }
            print(baton, "builder", new ProcessBuilder("sh", "-c", SHELL).start());
            print(baton, "exec", Runtime.getRuntime().exec(new String[] {"sh", "-c", SHELL}));
            baton.ready();
            System.out.println(baton.generation() + " ready");
            baton.awaitExit();
        }
    }

    private static void print(Baton baton, String how, Process process) throws Exception {
        try (var reader = process.inputReader()) {
            System.out.println(baton.generation() + " grandchild by " + how + " " + reader.readLine());
        }
        if (process.waitFor(0, TimeUnit.SECONDS)) {
            throw new IllegalStateException("the shell did not wait");
        }
    }
}
