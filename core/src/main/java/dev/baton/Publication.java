package dev.baton;

import java.io.IOException;
import java.util.Optional;

/** Which process the outside world takes for the service: the pid file and systemd, always in this order. */
final class Publication {
    private final PidFile pidFile;
    private final SystemdNotifier systemd;

    Publication(BatonOptions options) {
        this.pidFile = new PidFile(options.pidFile());
        this.systemd = new SystemdNotifier(InitialEnvironment.variables().get("NOTIFY_SOCKET"));
    }

    void check(Optional<Long> parent) throws IOException {
        pidFile.check(parent);
    }

    /** This process serves. */
    void serving(int generation) {
        write(ProcessHandle.current().pid());
        systemd.serving(generation);
        Log.step("published");
    }

    /** The successor serves. */
    void switched(int generation, long pid) {
        write(pid);
        systemd.switched(generation, pid);
        Log.step("published the successor");
    }

    void restarting() {
        systemd.reloading();
    }

    void restartFailed(int generation, String reason) {
        systemd.restartFailed(generation, reason);
    }

    void stopping() {
        systemd.stopping();
    }

    /** The service has ended. */
    void withdraw() {
        pidFile.remove();
    }

    private void write(long pid) {
        try {
            pidFile.write(pid);
        } catch (IOException e) {
            Log.pidFileNotWritten(e);
        }
    }
}
