package dev.baton.cli;

import java.io.PrintWriter;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Shows what a long command is doing: a line for each event and, on a terminal, a status line below them that is drawn
 * again ten times a second. Safe for use by any thread.
 */
final class Progress implements AutoCloseable {
    private static final String CLEAR_LINE = "\r\033[K";

    private final PrintWriter out;
    private final boolean live;
    private final ScheduledExecutorService redraw = Executors.newSingleThreadScheduledExecutor(
            task -> Thread.ofPlatform().daemon().name("baton-progress").unstarted(task));
    private Supplier<String> status = () -> ""; // guarded by this
    private boolean closed; // guarded by this

    Progress(PrintWriter out, Terminal terminal) {
        this.out = out;
        this.live = terminal.live();
        if (live) {
            var _ = redraw.scheduleAtFixedRate(this::draw, 100, 100, TimeUnit.MILLISECONDS);
        }
    }

    /** Something has happened. */
    synchronized void event(String line) {
        out.println(live ? CLEAR_LINE + line : line);
        draw();
    }

    /** What the status line says from now on. */
    synchronized void status(Supplier<String> value) {
        status = value;
    }

    private synchronized void draw() {
        if (live && !closed) {
            out.print(CLEAR_LINE + status.get());
        }
        out.flush();
    }

    /** Removes the status line. */
    @Override
    public synchronized void close() {
        closed = true;
        redraw.shutdownNow();
        if (live) {
            out.print(CLEAR_LINE);
        }
        out.flush();
    }
}
