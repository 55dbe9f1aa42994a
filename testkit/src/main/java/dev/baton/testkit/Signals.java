package dev.baton.testkit;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Sends signals to processes by kill(1), without a shell. */
public final class Signals {
    private Signals() {}

    /**
     * Sends a signal and returns when it is sent, which takes a millisecond or two.
     *
     * @param signal its name without SIG, such as {@code HUP}
     * @throws IOException if there is no such process, or it is not ours to signal
     */
    public static void send(long pid, String signal) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(pid))
                .redirectErrorStream(true)
                .start();
        if (!kill.waitFor(10, TimeUnit.SECONDS)) {
            kill.destroyForcibly();
            throw new IOException("kill -" + signal + " " + pid + " did not end");
        }
        if (kill.exitValue() != 0) {
            String said = new String(kill.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            throw new IOException("kill -" + signal + " " + pid + ": " + said.strip());
        }
    }
}
