package dev.baton.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Strikes the process in which it runs, at the very step of the handoff that an order names: it hears the logger
 * {@code dev.baton.step}, on the thread that takes the step, and before that takes the next. An order is a file, which all
 * generations look at; whoever it is for removes it, says so, and is struck.
 */
final class Strike extends Handler {
    /** Begins the line that a struck process prints; its pid and {@link System#nanoTime()} follow. */
    static final String ANNOUNCEMENT = "struck ";

    /** Kept, because the JDK holds loggers weakly. */
    private static final Logger STEPS = Logger.getLogger("dev.baton.step");

    private final Path order;

    private Strike(Path order) {
        this.order = order;
        setLevel(Level.FINE);
    }

    /** Lets this process obey orders. */
    static void arm(Path order) {
        Kill.prepare();
        STEPS.setLevel(Level.FINE);
        STEPS.setUseParentHandlers(false);
        STEPS.addHandler(new Strike(order));
    }

    /**
     * Gives an order.
     *
     * @param spared the pid of the one process that is not meant, or with a minus the only one that is
     */
    static void order(Path order, Fault fault, long spared, String step) throws IOException {
        Path next = order.resolveSibling("strike.next");
        Files.writeString(next, fault + " " + spared + " " + step);
        Files.move(next, order, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void publish(LogRecord record) {
        try {
            String[] words = Files.readString(order).split(" ", 3);
            long spared = Long.parseLong(words[1]);
            long self = ProcessHandle.current().pid();
            boolean meant = spared < 0 ? self == -spared : self != spared;
            if (meant && words[2].equals(record.getMessage()) && Files.deleteIfExists(order)) {
                System.out.println(ANNOUNCEMENT + self + " " + System.nanoTime());
                strike(Fault.valueOf(words[0]));
            }
        } catch (NoSuchFileException e) {
            // No order.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void strike(Fault fault) {
        switch (fault) {
            case KILL -> Kill.send(ProcessHandle.current().pid(), Kill.SIGKILL);
            case FREEZE -> Kill.send(ProcessHandle.current().pid(), Kill.SIGSTOP);
            case EXIT -> System.exit(3);
        }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
}
