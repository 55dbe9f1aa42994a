package dev.baton;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Messages;
import dev.baton.posix.Sockets;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Tells systemd what the service does: sd_notify(3), {@code Type=notify-reload} of systemd.service(5).
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

    /** This process serves. */
    void serving(int generation) {
        notify("READY=1\nMAINPID=" + ProcessHandle.current().pid() + "\nSTATUS=generation " + generation + " serves");
    }

    /** A restart begins; systemd orders it against the reload that it asked for by the monotonic time. */
    void reloading() {
        notify("RELOADING=1\nMONOTONIC_USEC=" + TimeUnit.NANOSECONDS.toMicros(System.nanoTime())
                + "\nSTATUS=a successor starts");
    }

    /** The successor is the service's main process from now on: the last word of this process that systemd hears. */
    void switched(int generation, long pid) {
        notify("MAINPID=" + pid + "\nREADY=1\nSTATUS=generation " + generation + " serves");
    }

    /** The restart has failed: the reload is over, and the service runs. */
    void restartFailed(int generation, String reason) {
        notify("READY=1\nSTATUS=generation " + generation + " serves on; restart failed: " + reason.replace('\n', ' '));
    }

    /** The service ends. An old generation's end is no such thing. */
    void stopping() {
        notify("STOPPING=1\nSTATUS=connections finish");
    }

    private void notify(String message) {
        if (manager.isEmpty()) {
            return;
        }
        try {
            int socket = Sockets.unix(Sockets.Type.DATAGRAM);
            try {
                Sockets.setTimeout(socket, PATIENCE);
                Messages.sendTo(socket, manager.get(), message.getBytes(StandardCharsets.UTF_8));
            } finally {
                Descriptors.close(socket);
            }
        } catch (IOException e) {
            Log.systemdNotNotified(e);
        }
    }
}
