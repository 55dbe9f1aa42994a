package dev.baton.unmodified;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What all of these programs do alike. */
final class Answers {
    /** What the tests' clients take as the number of a generation. */
    static final String HEADER = "Baton-Generation";

    static final String PID = Long.toString(ProcessHandle.current().pid());
    static final byte[] BODY = "hello".getBytes(StandardCharsets.US_ASCII);

    private static final long SLOW_MILLIS = 3_000;

    private Answers() {}

    static void exitIfBroken() {
        if (Files.exists(Path.of("broken"))) {
            System.exit(3);
        }
    }

    /** The time that the work behind the answer takes. */
    static void work(String path) throws InterruptedException {
        if (path.equals("/slow")) {
            System.out.println("slow");
            Thread.sleep(SLOW_MILLIS);
        }
    }
}
