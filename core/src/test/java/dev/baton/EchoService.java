package dev.baton;

import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
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
            say(
                    baton,
                    "options "
                            + ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                                    .filter(option -> option.startsWith("-Dfrom."))
                                    .toList());
            say(baton, "directory " + System.getProperty("user.dir"));
            say(baton, "input ends " + (System.in.read() < 0));
            baton.ready();
            say(baton, "ready");
            baton.awaitExit();
            say(baton, "done");
        }
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
