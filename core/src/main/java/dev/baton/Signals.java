package dev.baton;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/** The signals of signal(7) that Baton answers. QUIT stays the JVM's thread dump, and USR2 is HotSpot's own. */
final class Signals {
    private Signals() {}

    /** What the generation does on a signal; called by a thread of the JVM, and must return at once. */
    interface Actions {
        void restart(String origin);

        void stop(String origin, int signal);

        /** The second request to stop, and each that follows. */
        void exitAtOnce(String origin, int status);
    }

    static void handle(Actions actions) {
        if (isIgnored("HUP")) {
            Log.hupIgnored();
        }
        handle("HUP", signal -> actions.restart("SIG" + signal.getName()));
        AtomicBoolean asked = new AtomicBoolean();
        for (String name : new String[] {"TERM", "INT"}) {
            handle(name, signal -> {
                if (asked.getAndSet(true)) {
                    actions.exitAtOnce("SIG" + signal.getName(), 128 + signal.getNumber());
                } else {
                    actions.stop("SIG" + signal.getName(), signal.getNumber());
                }
            });
        }
    }

    /** What an operator should know. */
    static List<String> warnings() {
        return isIgnored("HUP")
                ? List.of("SIGHUP was ignored when this process was started (nohup?) and cannot restart it")
                : List.of();
    }

    private static void handle(String name, SignalHandler handler) {
        try {
            Signal.handle(new Signal(name), handler);
        } catch (IllegalArgumentException e) {
            // The JVM keeps the signal for itself, or was told by -Xrs to leave signals alone.
            Log.signalNotHandled(name, e);
        }
    }

    /**
     * Whether the signal was ignored when the process was started, as nohup(1) does: the JVM then accepts a handler that
     * never runs. The mask of proc_pid_status(5) has bit n-1 for signal n.
     */
    static boolean isIgnored(String name) {
        try {
            String mask = Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("SigIgn:"))
                    .findFirst()
                    .orElse("SigIgn: 0")
                    .substring("SigIgn:".length())
                    .strip();
            return (Long.parseUnsignedLong(mask, 16) >>> (new Signal(name).getNumber() - 1) & 1) == 1;
        } catch (IOException | NumberFormatException e) {
            return false;
        }
    }
}
