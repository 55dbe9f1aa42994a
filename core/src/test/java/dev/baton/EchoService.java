package dev.baton;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;

/** A service that prints how it was started: each argument's length and checksum, and the options that its JVM has taken. */
final class EchoService {
    private EchoService() {}

    public static void main(String[] arguments) throws Exception {
        try (Baton baton = Baton.start()) {
            say(
                    baton,
                    "arguments "
                            + Arrays.stream(arguments)
                                    .map(EchoService::describe)
                                    .toList());
            say(baton, "options " + options());
            say(baton, "directory " + System.getProperty("user.dir"));
            say(baton, "input ends " + (System.in.read() < 0));
            baton.ready();
            say(baton, "ready");
            baton.awaitExit();
            say(baton, "done");
        }
    }

    /** Through reflection: the module java.management is there, and core's does not read it. */
    private static List<String> options() throws ReflectiveOperationException {
        Object runtime = Class.forName("java.lang.management.ManagementFactory")
                .getMethod("getRuntimeMXBean")
                .invoke(null);
        List<?> options = (List<?>) Class.forName("java.lang.management.RuntimeMXBean")
                .getMethod("getInputArguments")
                .invoke(runtime);
        return options.stream()
                .map(String::valueOf)
                .filter(option -> option.startsWith("-Dfrom."))
                .toList();
    }

    static String describe(String argument) {
        CRC32 checksum = new CRC32();
        byte[] bytes = argument.getBytes(StandardCharsets.UTF_8);
        checksum.update(bytes);
        return bytes.length + "/" + Long.toHexString(checksum.getValue());
    }

    private static void say(Baton baton, String what) {
        System.out.println(baton.generation() + " " + what);
    }
}
