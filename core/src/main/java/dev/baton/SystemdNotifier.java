package dev.baton;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Messages;
import dev.baton.posix.Sockets;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The words that systemd hears: sd_notify(3), {@code Type=notify-reload} of systemd.service(5). {@code docs/systemd.md} has
 * them as a table, in their order.
 *
 * <p>Each call is one datagram to {@code $NOTIFY_SOCKET}; without that variable it does nothing. It waits for room in the
 * manager's queue, for a bounded time: a MAINPID that is dropped would make systemd end the service with this process. A
 * manager that does not listen is logged and changes nothing: the service must not depend on who watches it.
 */
final class SystemdNotifier {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Optional<UnixDomainSocketAddress> manager;

    SystemdNotifier(@Nullable String notifySocket) {
        this.manager = Optional.ofNullable(notifySocket)
                .filter(name -> name.startsWith("/") || name.startsWith("@"))
                .map(UnixDomainSocketAddress::of);
    }

    boolean isPresent() {
        return manager.isPresent();
    }

    /** This process serves. */
    void serving(int generation) {
        if (isPresent()) {
            notify("READY=1\nMAINPID=" + ProcessHandle.current().pid() + "\n" + serves(generation));
        }
    }

    /** This process serves, alone. */
    void alone(int generation) {
        if (isPresent()) {
            notify(serves(generation));
        }
    }

    private static String serves(int generation) {
        return "STATUS=generation " + generation + " serves since " + now(Duration.ZERO);
    }

    /** A restart begins; systemd orders it against the reload that it asked for by the monotonic time. */
    void reloading(int generation, int next, Duration extension) {
        notify("RELOADING=1\n" + monotonic() + "\n" + extended(extension) + "\nSTATUS=generation " + generation
                + " serves; generation " + next + " starts");
    }

    /** The successor is the service's main process from now on: the last word of this process that systemd hears. */
    void switched(int generation, long pid, int own) {
        if (isPresent()) {
            notify("MAINPID=" + pid + "\nREADY=1\n" + serves(generation) + "; generation " + own + " (pid "
                    + ProcessHandle.current().pid() + ") finishes its connections");
        }
    }

    private static String monotonic() {
        return "MONOTONIC_USEC=" + TimeUnit.NANOSECONDS.toMicros(System.nanoTime());
    }

    /** The restart has failed: the reload is over, and the service runs. */
    void restartFailed(int generation, String reason) {
        if (isPresent()) {
            notify("READY=1\nSTATUS=generation " + generation + " serves on; the restart at " + now(Duration.ZERO)
                    + " failed: " + reason.replace('\n', ' '));
        }
    }

    /**
     * No restart begins: a reload that systemd waits for is over. RELOADING and READY in one datagram are a reload that is
     * over at once (service_notify_message of systemd); READY alone would be none.
     */
    void restartRefused(int generation, String reason) {
        if (isPresent()) {
            notify("RELOADING=1\n" + monotonic() + "\nREADY=1\nSTATUS=generation " + generation
                    + " serves on; the restart at " + now(Duration.ZERO) + " was refused: " + reason);
        }
    }

    /**
     * The service ends. An old generation's end is no such thing.
     *
     * @param limit for how long its connections may take; empty: for ever
     */
    void stopping(int generation, Optional<Duration> limit, Optional<Duration> extension) {
        if (isPresent()) {
            notify("STOPPING=1\n" + extension.map(time -> extended(time) + "\n").orElse("") + "STATUS=generation "
                    + generation + " finishes its connections since " + now(Duration.ZERO)
                    + limit.map(time -> ", until " + now(time) + " at most").orElse(""));
        }
    }

    /** What is under way takes its time: for so long from now on systemd is not to think that it hangs. */
    void extend(Duration time) {
        notify(extended(time));
    }

    private static String extended(Duration time) {
        return "EXTEND_TIMEOUT_USEC=" + TimeUnit.NANOSECONDS.toMicros(time.toNanos());
    }

    /** The thread that says so is well. */
    void watchdog() {
        notify("WATCHDOG=1");
    }

    /** Has a copy of a descriptor kept; whether systemd was told. */
    boolean stored(String name, int descriptor) {
        return notify("FDSTORE=1\nFDNAME=" + name, descriptor);
    }

    /** Has all copies of a name closed; whether systemd was told. */
    boolean removed(String name) {
        return notify("FDSTOREREMOVE=1\nFDNAME=" + name);
    }

    /** The time for people, in the zone of this machine, as {@code systemctl status} writes it. */
    private static String now(Duration after) {
        return DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss")
                .format(LocalDateTime.now(ZoneId.systemDefault()).plus(after));
    }

    private boolean notify(String message, int... descriptors) {
        if (manager.isEmpty()) {
            return false;
        }
        try {
            int socket = Sockets.unix(Sockets.Type.DATAGRAM);
            try {
                Sockets.setTimeout(socket, PATIENCE);
                Messages.sendTo(socket, manager.get(), message.getBytes(StandardCharsets.UTF_8), descriptors);
            } finally {
                Descriptors.close(socket);
            }
            return true;
        } catch (IOException e) {
            Log.systemdNotNotified(e);
            return false;
        }
    }
}
