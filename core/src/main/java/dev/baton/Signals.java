package dev.baton;

import dev.baton.posix.PosixException;
import dev.baton.posix.ProcessContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/** The signals of signal(7) that Baton answers. QUIT stays the JVM's thread dump, and USR2 is HotSpot's own. */
final class Signals {
    /** Whether the JVM was told to leave signals alone. */
    private static volatile boolean leftAlone;

    private Signals() {}

    /** What the generation does on a signal; called by a thread of the JVM, and must return at once. */
    interface Actions {
        void restart(String origin);

        void stop(String origin, int signal);

        /** The second request to stop, and each that follows. */
        void exitAtOnce(String origin, int status);
    }

    static void handle(Actions actions) {
        boolean handled = handle("HUP", signal -> actions.restart("SIG" + signal.getName()));
        if (!handled) {
            leftAlone = true;
            Log.signalsLeftAlone();
            surviveHup();
            return;
        }
        if (isIgnored("HUP")) {
            Log.hupIgnored();
        }
        AtomicBoolean asked = new AtomicBoolean();
        for (String name : new String[] {"TERM", "INT"}) {
            var _ = handle(name, signal -> {
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
        if (leftAlone) {
            return List.of(
                    "the JVM was started with -Xrs: SIGHUP cannot restart this process, and SIGTERM ends it at once");
        }
        return isIgnored("HUP")
                ? List.of("SIGHUP was ignored when this process was started (nohup?) and cannot restart it")
                : List.of();
    }

    /** Whether the JVM lets us: with -Xrs it leaves these signals to the system, which ends the process by each. */
    private static boolean handle(String name, SignalHandler handler) {
        try {
            Signal.handle(new Signal(name), handler);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Who sends SIGHUP wants a restart, and is not to end a service that cannot be restarted so. */
    private static void surviveHup() {
        try {
            ProcessContext.surviveSignal(new Signal("HUP").getNumber());
        } catch (PosixException e) {
            Log.hupEndsTheProcess(e);
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
